import type { z } from 'zod';
import type { FieldStats, MessageTokenCount, TokenCount } from '../model-answers-session.ts';
import type { CountTokensRequest } from '../requests-session.ts';
import { type ClientOptions, createCall } from './call.ts';
import { createItems, type Items } from './items.ts';
import { createRecall, type Recall } from './recall.ts';
import { createSession, type Session } from './session.ts';
import { createUser, type User } from './user.ts';

// This file is what the package exports as its client, so what callers catch and name comes with it.
export type * from '../model-answers.ts';
export type * from '../model-answers-items.ts';
export type * from '../model-answers-memory.ts';
export type * from '../model-answers-session.ts';
export type { SessionBuffer, Summaries } from './buffer.ts';
export type { ClientOptions, Value } from './call.ts';
export {
  FactNotFound,
  FieldNotFound,
  IndexOutOfRange,
  ItemNotFound,
  KeepsakeError,
  ListEmpty,
  PreconditionFailed,
  SessionNotFound,
  TooLarge,
  Unavailable,
  ValueNotFound,
  WrongType,
} from './errors.ts';
export type { FactChange, FactFilter, FactInput, Facts, IfMatch, WithEtag } from './facts.ts';
export type { Fields, Life } from './fields.ts';
export type { InTier, ItemFilter, ItemFound, Items, PutOptions } from './items.ts';
export type { Recall, RetrieveInput, SessionFilter } from './recall.ts';
export type { ContextInput, EndInput, Messages, Session, StartInput, StoreInput } from './session.ts';
export type { ForgetWhat, User } from './user.ts';

type CountInput = z.input<typeof CountTokensRequest>;
type Counted = NonNullable<CountInput['messages']>[number];

export interface MemoryClient extends Recall {
  /** A handle on a session; it need not exist yet. */
  session(id: string, owner?: { user_id?: string }): Session;
  /** A handle on a user: what is believed about them, and their items. */
  user(id: string): User;
  /** Items of the tenant, or of the user that the key is bound to. */
  readonly items: Items;
  /** Is the service there, with the tier that it cannot do without? Never throws. */
  available(): Promise<boolean>;
  countTokens(text: string): Promise<TokenCount>;
  /** Of messages one by one; says which of the oldest have to go so that the rest fit `max_tokens` (4,000). */
  countTokens<M extends Counted>(
    messages: readonly M[],
    limits?: Pick<CountInput, 'threshold' | 'max_tokens'>,
  ): Promise<MessageTokenCount<M>>;
  /** What the fields of the tenant's sessions take, in pages (needs the operator scope). */
  fieldStats(page?: { limit?: number; cursor?: string }): Promise<FieldStats>;
  /** Deletes the fields of sessions that had none written for so long (86,400 s); answers of how many (needs the operator scope). */
  cleanUpFields(max_age_seconds?: number): Promise<number>;
}

/**
 * A client of the service, for Node and browsers: it needs `fetch` and nothing else. Throws a KeepsakeError for whatever goes wrong.
 * In a browser give it a key that is bound to one user: everybody can read a page's keys.
 */
export function createMemoryClient(options: ClientOptions): MemoryClient {
  const call = createCall(options);

  async function countTokens<M extends Counted>(
    counted: string | readonly M[],
    limits: Pick<CountInput, 'threshold' | 'max_tokens'> = {},
  ): Promise<MessageTokenCount<M>> {
    const body = typeof counted === 'string' ? { text: counted } : { messages: counted, ...limits };
    return (await call<MessageTokenCount<M>>({ method: 'POST', path: ['tokens', 'count'], body })).body;
  }

  async function cleanUpFields(max_age_seconds?: number): Promise<number> {
    let sum = 0;
    for (let more = true; more; ) {
      const { body } = await call<{ cleaned: number; more?: boolean }>({
        method: 'POST',
        path: ['fields', 'cleanup'],
        body: { ...(max_age_seconds !== undefined && { max_age_seconds }) },
      });
      sum += body.cleaned;
      more = body.more === true;
    }
    return sum;
  }

  return {
    ...createRecall(call),
    user: (id) => createUser(call, id),
    items: createItems(call, {}),
    session: (id, { user_id } = {}) => createSession(call, id, user_id === undefined ? {} : { user_id }),
    available: () =>
      call({ method: 'GET', path: ['health', 'ready'] }).then(
        () => true,
        () => false,
      ),
    countTokens,
    fieldStats: async (page = {}) => (await call<FieldStats>({ method: 'GET', path: ['fields', 'stats'], query: page })).body,
    cleanUpFields,
  };
}
