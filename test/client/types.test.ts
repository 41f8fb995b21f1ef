import { expectTypeOf, test } from 'vitest';
import type {
  BufferAnswer,
  Fields,
  KeepsakeError,
  ListedMessage,
  MemoryClient,
  MessageTokenCount,
  Session,
  TokenCount,
} from '../../src/lib/client/client.ts';
import type { readContext } from '../../src/lib/memory/context/context.ts';
import type { fieldStats } from '../../src/lib/memory/fields/field-stats.ts';
import type { sizeOfFields } from '../../src/lib/memory/fields/fields.ts';
import type { addMessage, listMessages } from '../../src/lib/memory/sessions/messages.ts';
import type { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import type { putConfig } from '../../src/lib/memory/sessions/session-config.ts';
import type { readSessionStats } from '../../src/lib/memory/sessions/session-record.ts';
import type { addSummary, listHistory } from '../../src/lib/memory/sessions/session-summaries.ts';
import type { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { storeMessages } from '../../src/lib/memory/sessions/turns.ts';

// Nothing of this runs: what is tested is that tsc accepts the file, and that it refuses every line under a @ts-expect-error.

type Async = (...args: never[]) => Promise<unknown>;
type AnswerOf<F extends Async> = Awaited<ReturnType<F>>;

test('the client expects what the service answers', () => {
  expectTypeOf<AnswerOf<typeof readContext>>().toEqualTypeOf<AnswerOf<Session['context']>>();
  expectTypeOf<AnswerOf<typeof startSession>>().toEqualTypeOf<AnswerOf<Session['start']>>();
  expectTypeOf<AnswerOf<typeof endSession>>().toEqualTypeOf<AnswerOf<Session['end']>>();
  expectTypeOf<AnswerOf<typeof storeMessages>>().toEqualTypeOf<AnswerOf<Session['store']>>();
  expectTypeOf<AnswerOf<typeof addMessage>>().toEqualTypeOf<AnswerOf<Session['messages']['add']>>();
  expectTypeOf<AnswerOf<typeof listMessages>['messages']>().toEqualTypeOf<AnswerOf<Session['messages']['list']>>();
  expectTypeOf<AnswerOf<typeof readBuffer>>().toEqualTypeOf<AnswerOf<Session['buffer']>>();
  expectTypeOf<AnswerOf<typeof putConfig>['config']>().toEqualTypeOf<AnswerOf<Session['configure']>>();
  expectTypeOf<AnswerOf<typeof readSessionStats>>().toEqualTypeOf<AnswerOf<Session['stats']>>();
  expectTypeOf<AnswerOf<typeof addSummary>>().toEqualTypeOf<AnswerOf<Session['summaries']['add']>>();
  expectTypeOf<AnswerOf<typeof listHistory>['summaries']>().toEqualTypeOf<AnswerOf<Session['summaries']['list']>>();
  expectTypeOf<AnswerOf<typeof sizeOfFields>>().toEqualTypeOf<AnswerOf<Fields['size']>>();
  expectTypeOf<AnswerOf<typeof fieldStats>>().toEqualTypeOf<AnswerOf<MemoryClient['fieldStats']>>();
});

test('a field is what its reader says, and a fallback says it too', () => {
  type Reads = (fields: Fields) => void;
  const reads: Reads = (fields) => {
    expectTypeOf(fields.get('a')).resolves.toBeUnknown();
    expectTypeOf(fields.get<string>('a')).resolves.toBeString();
    expectTypeOf(fields.get('a', { count: 0 })).resolves.toEqualTypeOf<{ count: number }>();
    expectTypeOf(fields.get<string | undefined>('a', undefined)).resolves.toEqualTypeOf<string | undefined>();
    expectTypeOf(fields.pop<number>('a')).resolves.toBeNumber();
    expectTypeOf(fields.pop('a', -1, 'none')).resolves.toBeString();
    expectTypeOf(fields.slice<number>('a', 1)).resolves.toEqualTypeOf<number[]>();
    expectTypeOf(fields.edit('a', (n: number) => n + 1, { fallback: 0 })).resolves.toBeNumber();
    expectTypeOf(fields.items()).resolves.toEqualTypeOf<[name: string, value: unknown][]>();
  };
  expectTypeOf(reads).toBeFunction();
});

test('wrong calls of fields do not compile', () => {
  type Calls = (fields: Fields) => void;
  const calls: Calls = (fields) => {
    // @ts-expect-error undefined is no JSON
    void fields.set('a', undefined);
    // @ts-expect-error a value is needed
    void fields.set('a');
    // @ts-expect-error the time to live has its unit in its name
    void fields.set('a', 1, { ttl: 60 });
    // @ts-expect-error nor is a value that may be undefined
    void fields.update({ a: 1, b: undefined });
    // @ts-expect-error an index is a number
    void fields.insert('a', 'first', 1);
    // @ts-expect-error extend takes many
    void fields.extend('a', 1);
    // @ts-expect-error a fallback of pop comes after the index
    void fields.pop('a', 'none');
    // @ts-expect-error only numbers are added
    void fields.increment('n', '1');
    // @ts-expect-error what is read must be what is written
    void fields.edit('a', (n: number) => `${n}`);
    // @ts-expect-error without a fallback of the same kind it would be changed as what it is not
    void fields.edit('a', (n: number) => n + 1, { fallback: 'none' });
  };
  expectTypeOf(calls).toBeFunction();
});

test('a session knows who it is about, so no call names it again', () => {
  expectTypeOf<MemoryClient['session']>().returns.toEqualTypeOf<Session>();
  expectTypeOf<Session['store']>().parameter(0).not.toHaveProperty('session_id');
  expectTypeOf<Session['store']>().parameter(0).not.toHaveProperty('user_id');
  expectTypeOf<Session['context']>().parameter(0).toExtend<{ query?: string; max_tokens?: number } | undefined>();
  expectTypeOf<Session['messages']['add']>().parameter(0).toEqualTypeOf<'user' | 'assistant' | 'system' | 'tool' | 'agent'>();
  expectTypeOf<KeepsakeError['status']>().toBeNumber();
});

test('wrong calls of a session do not compile', () => {
  type Calls = (session: Session) => void;
  const calls: Calls = (session) => {
    // @ts-expect-error nobody says it in this role
    void session.messages.add('robot', 'hello');
    // @ts-expect-error a message needs a text
    void session.messages.add('user');
    // @ts-expect-error a page has a limit, not a size
    void session.messages.list({ size: 10 });
    // @ts-expect-error the session is named by the handle
    void session.store({ session_id: 's', user_message: 'a', agent_message: 'b' });
    // @ts-expect-error a message of a store needs a role
    void session.store({ messages: [{ content: 'a' }] });
    // @ts-expect-error tokens are counted, not spelled
    void session.context({ max_tokens: '500' });
    // @ts-expect-error there is no such limit
    void session.configure({ max_tokens: 4000 });
    // @ts-expect-error a state is JSON
    void session.saveState(undefined);
    // @ts-expect-error where the summary ends is a seq
    void session.summaries.add('So far.', { to_seq: 'last' });
  };
  expectTypeOf(calls).toBeFunction();
});

test('a message has a role unless it could not be decoded', () => {
  type Reads = (message: ListedMessage, buffer: BufferAnswer) => void;
  const reads: Reads = (message, buffer) => {
    expectTypeOf(message.content).toBeString();
    if (!message.raw) expectTypeOf(message.role).toEqualTypeOf<'user' | 'assistant' | 'system' | 'tool'>();
    // @ts-expect-error a raw one has none
    message.role.toUpperCase();
    expectTypeOf(buffer.buffer_messages).toEqualTypeOf<ListedMessage[]>();
  };
  expectTypeOf(reads).toBeFunction();
});

test('what is counted says what it answers', () => {
  type Counts = (client: MemoryClient) => void;
  const counts: Counts = (client) => {
    expectTypeOf(client.countTokens('a')).resolves.toEqualTypeOf<TokenCount>();
    const tagged = [{ role: 'user', content: 'a', tag: 1 }];
    expectTypeOf(client.countTokens(tagged)).resolves.toEqualTypeOf<MessageTokenCount<{ role: string; content: string; tag: number }>>();
    // @ts-expect-error a message has a text
    void client.countTokens([{ role: 'user' }]);
  };
  expectTypeOf(counts).toBeFunction();
});
