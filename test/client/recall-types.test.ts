import { expectTypeOf, test } from 'vitest';
import type {
  FactAnswer,
  FactDetail,
  Facts,
  Items,
  KeptItem,
  ListedItem,
  ListedSession,
  ManyItems,
  MemoryClient,
  Prefetched,
  PutResult,
  User,
  WithEtag,
} from '../../src/lib/client/client.ts';
import type { addFact } from '../../src/lib/memory/facts/add.ts';
import type { approveFact, rejectFact } from '../../src/lib/memory/facts/decide.ts';
import type { editFact } from '../../src/lib/memory/facts/edit.ts';
import type { listFacts, readFact } from '../../src/lib/memory/facts/facts.ts';
import type { forgetFact, forgetFacts } from '../../src/lib/memory/facts/forget.ts';
import type { prefetchItems } from '../../src/lib/memory/items/item-batch.ts';
import type { listItems } from '../../src/lib/memory/items/item-list.ts';
import type { keptView } from '../../src/lib/memory/items/items.ts';
import type { listInsights } from '../../src/lib/memory/reflection/insights.ts';
import type { Hit } from '../../src/lib/memory/search/propose.ts';
import type { retrieve } from '../../src/lib/memory/search/retrieve.ts';
import type { listEndedSummaries, listSessions } from '../../src/lib/memory/sessions/session-lists.ts';
import type { RetrieveKind } from '../../src/lib/requests.ts';

// Nothing of this runs: what is tested is that tsc accepts the file, and that it refuses every line under a @ts-expect-error.

type Async = (...args: never[]) => Promise<unknown>;
type AnswerOf<F extends Async> = Awaited<ReturnType<F>>;

test('the client expects what the service answers of what it knows', () => {
  expectTypeOf<AnswerOf<typeof retrieve>>().toEqualTypeOf<AnswerOf<MemoryClient['retrieve']>>();
  expectTypeOf<AnswerOf<typeof listInsights>['insights']>().toEqualTypeOf<AnswerOf<MemoryClient['insights']>>();
  expectTypeOf<AnswerOf<typeof listEndedSummaries>['summaries']>().toEqualTypeOf<AnswerOf<MemoryClient['summaries']>>();
  expectTypeOf<AnswerOf<typeof listSessions>>().toEqualTypeOf<AnswerOf<MemoryClient['sessions']>>();
  expectTypeOf<AnswerOf<typeof listFacts>>().toEqualTypeOf<AnswerOf<Facts['list']>>();
  expectTypeOf<AnswerOf<typeof addFact>>().toEqualTypeOf<AnswerOf<Facts['add']>>();
  expectTypeOf<WithEtag<AnswerOf<typeof readFact>['answer']>>().toEqualTypeOf<WithEtag<FactDetail>>();
  expectTypeOf<WithEtag<AnswerOf<typeof editFact>['answer']>>().toEqualTypeOf<AnswerOf<Facts['edit']>>();
  expectTypeOf<AnswerOf<typeof approveFact>>().toEqualTypeOf<AnswerOf<Facts['approve']>>();
  expectTypeOf<AnswerOf<typeof rejectFact>>().toEqualTypeOf<AnswerOf<Facts['reject']>>();
  expectTypeOf<AnswerOf<typeof forgetFact>>().toEqualTypeOf<AnswerOf<Facts['forget']>>();
  expectTypeOf<AnswerOf<typeof forgetFacts>>().toEqualTypeOf<AnswerOf<User['forget']>>();
});

test('what can be found, and what a score is made of, are the same on both sides', () => {
  type Found = AnswerOf<MemoryClient['retrieve']>['results'][number];
  expectTypeOf<Found['kind']>().toEqualTypeOf<RetrieveKind>();
  expectTypeOf<NonNullable<Found['explain']>>().toEqualTypeOf<Hit['parts']>();
});

test('the client expects what the service answers of items', () => {
  expectTypeOf<ReturnType<typeof keptView>>().toEqualTypeOf<Omit<KeptItem, 'degraded'>>();
  expectTypeOf<AnswerOf<typeof listItems>['items'][number]>().toEqualTypeOf<ListedItem>();
  expectTypeOf<AnswerOf<typeof prefetchItems>>().toExtend<Prefetched>();
});

test('a value is what its reader says, and a fallback says it too', () => {
  type Reads = (memory: MemoryClient) => void;
  const reads: Reads = ({ items, user, allSessions }) => {
    expectTypeOf(items.get('a')).resolves.toBeUnknown();
    expectTypeOf(items.get<string>('a')).resolves.toBeString();
    expectTypeOf(items.get('a', { count: 0 })).resolves.toEqualTypeOf<{ count: number }>();
    expectTypeOf(items.getMany<number>(['a'])).resolves.toEqualTypeOf<ManyItems<number>>();
    expectTypeOf(items.setMany({ a: 1 })).resolves.toEqualTypeOf<Record<string, PutResult>>();
    expectTypeOf(user('u').facts.get('f')).resolves.toEqualTypeOf<WithEtag<FactDetail>>();
    expectTypeOf(user('u').facts.get('f', null)).resolves.toEqualTypeOf<WithEtag<FactDetail> | null>();
    expectTypeOf(user('u').facts.all()).toExtend<AsyncIterable<FactAnswer>>();
    expectTypeOf(allSessions('u')).toExtend<AsyncIterable<ListedSession>>();
  };
  expectTypeOf(reads).toBeFunction();
});

test('wrong calls of retrieve and of lists do not compile', () => {
  type Calls = (memory: MemoryClient) => void;
  const calls: Calls = (memory) => {
    void memory.retrieve({ session_id: 's', query: 'a' });
    // @ts-expect-error something is asked for
    void memory.retrieve({ user_id: 'u' });
    // @ts-expect-error of somebody
    void memory.retrieve({ query: 'a' });
    // @ts-expect-error a message is found as a turn
    void memory.retrieve({ user_id: 'u', query: 'a', kinds: ['message'] });
    // @ts-expect-error how many is top_k
    void memory.retrieve({ user_id: 'u', query: 'a', limit: 5 });
    // @ts-expect-error the user is named once
    void memory.insights('u', { user_id: 'v' });
    // @ts-expect-error insights have no pages
    void memory.insights('u', { limit: 5 });
    // @ts-expect-error sessions are open or ended
    void memory.sessions('u', { status: 'closed' });
    // @ts-expect-error a loop goes through all
    void memory.allSessions('u', { limit: 5 });
  };
  expectTypeOf(calls).toBeFunction();
});

test('wrong calls of facts do not compile', () => {
  type Calls = (user: User) => void;
  const calls: Calls = ({ facts, forget }) => {
    // @ts-expect-error a fact has a text
    void facts.add({ text: 'User sails.' });
    // @ts-expect-error there is no such kind
    void facts.add('User sails.', { kind: 'rumour' });
    // @ts-expect-error what was forgotten is not listed
    void facts.list({ status: 'forgotten' });
    // @ts-expect-error a time in a query is ISO 8601
    void facts.list({ as_of: 1_700_000_000 });
    // @ts-expect-error a loop goes through all
    void facts.all({ limit: 5 });
    // @ts-expect-error a fact's validity is not the caller's to change
    void facts.edit('f', { valid_to: null });
    // @ts-expect-error the condition is an ETag
    void facts.edit('f', { pinned: true }, { ifMatch: 2 });
    void forget({ before: 1_700_000_000 }, { dryRun: true });
    // @ts-expect-error something is forgotten
    void forget({});
    // @ts-expect-error one thing at a time
    void forget({ query: 'boats', topic: 'boats' });
    // @ts-expect-error ids are many
    void forget({ fact_ids: 'f' });
    // @ts-expect-error whether it is a dry run is said apart
    void forget({ query: 'boats', dry_run: true });
  };
  expectTypeOf(calls).toBeFunction();
});

test('wrong calls of items do not compile', () => {
  type Calls = (items: Items) => void;
  const calls: Calls = (items) => {
    void items.set('a', new Uint8Array(), { content_type: 'image/png', tier: 'cold' });
    // @ts-expect-error undefined is no JSON
    void items.set('a', undefined);
    // @ts-expect-error only bytes have a type
    void items.set('a', { b: 1 }, { content_type: 'text/plain' });
    // @ts-expect-error there is no such tier
    void items.set('a', 1, { tier: 'tepid' });
    // @ts-expect-error the time to live has its unit in its name
    void items.set('a', 1, { ttl: 60 });
    // @ts-expect-error nor may one of many be undefined
    void items.setMany({ a: 1, b: undefined });
    // @ts-expect-error keys are many
    void items.getMany('a');
    // @ts-expect-error a list is not of one tier
    void items.list({ tier: 'hot' });
  };
  expectTypeOf(calls).toBeFunction();
});
