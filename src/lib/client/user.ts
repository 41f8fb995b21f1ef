import type { z } from 'zod';
import type { ForgetAnswer } from '../model-answers-memory.ts';
import type { ForgetRequest } from '../requests-facts.ts';
import type { Call } from './call.ts';
import { createFacts, type Facts } from './facts.ts';
import { createItems, type Items } from './items.ts';

type Choices = Required<Omit<z.input<typeof ForgetRequest>, 'dry_run'>>;
type OneOf<T> = { [K in keyof T]: Pick<T, K> & { [Other in Exclude<keyof T, K>]?: never } }[keyof T];
/** What is to be forgotten: exactly one of `query`, `fact_ids`, `topic`, `session_id`, `before`. */
export type ForgetWhat = OneOf<Choices>;

/** Whom the memory is about. Making the handle calls nobody. */
export interface User {
  readonly id: string;
  readonly facts: Facts;
  /** The user's own items; the tenant's are `memory.items`. */
  readonly items: Items;
  /**
   * Forgets facts with everything that says them; the messages stay. With `dryRun` it says what would go. When the answer gets lost it
   * throws Unavailable: ask again, what was begun is finished first.
   */
  forget(what: ForgetWhat, options?: { dryRun?: boolean }): Promise<ForgetAnswer>;
}

export function createUser(call: Call, user_id: string): User {
  return {
    id: user_id,
    facts: createFacts(call, user_id),
    items: createItems(call, { user_id }),
    forget: async (what, { dryRun: dry_run = false } = {}) =>
      // Sent again, it would answer that nothing went.
      (await call<ForgetAnswer>({ method: 'POST', path: ['users', user_id, 'forget'], body: { ...what, dry_run }, once: !dry_run })).body,
  };
}
