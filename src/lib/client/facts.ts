import type { z } from 'zod';
import type { AddedFact, FactAnswer, FactDetail, FactPage, ForgottenFact } from '../model-answers-memory.ts';
import type { AddFactRequest, EditFactRequest, FactsQuery } from '../requests-facts.ts';
import { orFallback } from './absent.ts';
import type { Ask, Call } from './call.ts';
import { FactNotFound } from './errors.ts';
import { PAGE, throughPages } from './pages.ts';

/** Which facts; times are ISO 8601. Without `status` those that hold, with `as_of` what was believed then. */
export type FactFilter = Partial<Omit<FactsQuery, 'limit' | 'cursor'>>;
export type FactInput = Omit<z.input<typeof AddFactRequest>, 'text'>;
export type FactChange = z.input<typeof EditFactRequest>;
/** Only if it is still the one with this ETag; else it throws PreconditionFailed. */
export interface IfMatch {
  ifMatch?: string;
}
/** With the ETag that a change can be made conditional on. */
export type WithEtag<T> = T & { etag: string | undefined };

/** What is believed about one user. */
export interface Facts {
  /** One page, those that happened last first. */
  list(filter?: FactFilter & { limit?: number; cursor?: string }): Promise<FactPage>;
  /** All of them, page after page: `for await (const fact of facts.all())`. */
  all(filter?: FactFilter): AsyncGenerator<FactAnswer, void, undefined>;
  /** Adds one by hand; one that is known already is answered under its own id. */
  add(text: string, more?: FactInput): Promise<AddedFact>;
  /** With its versions and the messages that it rests on. Throws FactNotFound, unless there is a fallback. */
  get(id: string): Promise<WithEtag<FactDetail>>;
  get<T>(id: string, fallback: T): Promise<WithEtag<FactDetail> | T>;
  /** Makes a new version. When the answer gets lost it throws Unavailable, because a second edit would be one more version. */
  edit(id: string, change: FactChange, condition?: IfMatch): Promise<WithEtag<FactAnswer>>;
  /** Forgets it and everything that says it. After a lost answer ask again: FactNotFound says that it was done. */
  forget(id: string, condition?: IfMatch): Promise<ForgottenFact>;
  /** Trusts one that is quarantined. */
  approve(id: string): Promise<FactAnswer>;
  /** Forgets one that is quarantined, so that it is not learned again. */
  reject(id: string): Promise<ForgottenFact>;
}

export function createFacts(call: Call, user_id: string): Facts {
  const ask = <T>(method: Ask['method'], path: readonly string[], rest: Omit<Ask, 'method' | 'path'> = {}) =>
    call<T>({ method, path: ['users', user_id, 'facts', ...path], ...rest });
  const list = async (query: Parameters<Facts['list']>[0]) => (await ask<FactPage>('GET', [], { query })).body;
  const headersOf = ({ ifMatch }: IfMatch): Record<string, string> => (ifMatch === undefined ? {} : { 'if-match': ifMatch });

  async function read(id: string): Promise<WithEtag<FactDetail>> {
    const { body, etag } = await ask<FactDetail>('GET', [id]);
    return { ...body, etag };
  }

  return {
    list,
    all: (filter = {}) =>
      throughPages(
        (cursor) => list({ ...filter, limit: PAGE, cursor }),
        ({ facts }) => facts,
      ),
    add: async (text, more = {}) => (await ask<AddedFact>('POST', [], { body: { text, ...more } })).body,
    get: <T>(id: string, ...fallback: [T?]) => orFallback<WithEtag<FactDetail> | T>(read(id), fallback, [FactNotFound]),
    edit: async (id, change, condition = {}) => {
      const { body, etag } = await ask<FactAnswer>('PATCH', [id], { body: change, headers: headersOf(condition), once: true });
      return { ...body, etag };
    },
    forget: async (id, condition = {}) => (await ask<ForgottenFact>('DELETE', [id], { headers: headersOf(condition), once: true })).body,
    approve: async (id) => (await ask<FactAnswer>('POST', [id, 'approve'])).body,
    reject: async (id) => (await ask<ForgottenFact>('POST', [id, 'reject'], { once: true })).body,
  };
}
