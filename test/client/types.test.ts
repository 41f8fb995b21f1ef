import { expectTypeOf, test } from 'vitest';
import type {
  AddedMessage,
  ContextAnswer,
  EndAnswer,
  FieldSizes,
  Fields,
  MemoryClient,
  Session,
  StartAnswer,
  StoreAnswer,
  StoredMessage,
} from '../../src/lib/client/client.ts';
import type { KeepsakeError } from '../../src/lib/client/errors.ts';
import type { readContext } from '../../src/lib/memory/context/context.ts';
import type { sizeOfFields } from '../../src/lib/memory/fields/fields.ts';
import type { addMessage } from '../../src/lib/memory/sessions/messages.ts';
import type { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import type { storeMessages } from '../../src/lib/memory/sessions/turns.ts';

type AnswerOf<F extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<F>>;

test('the client expects what the service answers', () => {
  expectTypeOf<AnswerOf<typeof readContext>>().toExtend<ContextAnswer>();
  expectTypeOf<AnswerOf<typeof startSession>>().toExtend<StartAnswer>();
  expectTypeOf<AnswerOf<typeof endSession>>().toExtend<EndAnswer>();
  expectTypeOf<AnswerOf<typeof storeMessages>>().toExtend<StoreAnswer>();
  expectTypeOf<AnswerOf<typeof addMessage>>().toExtend<AddedMessage>();
  expectTypeOf<AnswerOf<typeof sizeOfFields>>().toExtend<Omit<FieldSizes, 'fields'>>();
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
    // @ts-expect-error undefined is no JSON
    void fields.set('a', undefined);
    // @ts-expect-error an index is a number
    void fields.insert('a', 'first', 1);
  };
  expectTypeOf(reads).toBeFunction();
});

test('a session knows who it is about, so no call names it again', () => {
  expectTypeOf<MemoryClient['session']>().returns.toEqualTypeOf<Session>();
  expectTypeOf<Session['store']>().parameter(0).not.toHaveProperty('session_id');
  expectTypeOf<Session['store']>().parameter(0).not.toHaveProperty('user_id');
  expectTypeOf<Session['context']>().parameter(0).toExtend<{ query?: string; max_tokens?: number } | undefined>();
  expectTypeOf<Session['messages']['add']>().parameter(0).toEqualTypeOf<'user' | 'assistant' | 'system' | 'tool' | 'agent'>();
  expectTypeOf<Session['messages']['list']>().returns.resolves.toEqualTypeOf<StoredMessage[]>();
  expectTypeOf<KeepsakeError['status']>().toBeNumber();
});
