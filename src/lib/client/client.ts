import { type ClientOptions, createCall } from './call.ts';
import { createSession, type Session } from './session.ts';

// This file is what the package exports as its client, so what callers catch and name comes with it.
export type * from './answers.ts';
export type { ClientOptions } from './call.ts';
export * from './errors.ts';
export type { Fields, Life, Value } from './fields.ts';
export type { Messages, Session } from './session.ts';

export interface MemoryClient {
  /** A handle on a session; it need not exist yet. */
  session(id: string, owner?: { user_id?: string }): Session;
}

/**
 * A client of the service, for Node and browsers: it needs `fetch` and nothing else. Throws a KeepsakeError for whatever goes wrong.
 * In a browser give it a key that is bound to one user: everybody can read a page's keys.
 */
export function createMemoryClient(options: ClientOptions): MemoryClient {
  const call = createCall(options);
  return {
    session: (id, { user_id } = {}) => createSession(call, id, user_id === undefined ? {} : { user_id }),
  };
}
