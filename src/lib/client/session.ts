import type { z } from 'zod';
import type { AddedMessage, ContextAnswer, EndAnswer, StartAnswer, StoreAnswer } from '../model-answers.ts';
import type { ListedMessage } from '../model-answers-session.ts';
import type { ContextRequest, EndRequest, MessageIn, StartRequest, StoreRequest } from '../requests.ts';
import { createBuffer, type SessionBuffer } from './buffer.ts';
import type { Call } from './call.ts';
import { createFields, type Fields } from './fields.ts';

type Unnamed<T> = Omit<T, 'user_id' | 'session_id'>;
export type StoreInput = Unnamed<z.input<typeof StoreRequest>>;
export type ContextInput = Unnamed<z.input<typeof ContextRequest>>;
export type StartInput = Unnamed<z.input<typeof StartRequest>>;
export type EndInput = Unnamed<z.input<typeof EndRequest>>;
type MessageInput = z.input<typeof MessageIn>;

export interface Messages {
  /** Stores one message. Send an `message_id` of your own to be able to send it again yourself. */
  add(role: MessageInput['role'], content: string, more?: Omit<MessageInput, 'role' | 'content'>): Promise<AddedMessage>;
  /** The newest `limit` before a seq, oldest first; all of the running epoch, not only what the buffer holds. */
  list(page?: { limit?: number; before?: number }): Promise<ListedMessage[]>;
  count(): Promise<number>;
}

/** One run of conversation, by its id. Making the handle calls nobody. */
export interface Session extends SessionBuffer {
  readonly id: string;
  readonly fields: Fields;
  readonly messages: Messages;
  start(input?: StartInput): Promise<StartAnswer>;
  /** Stores an exchange or messages, exactly once, also when the answer gets lost and it is sent again. */
  store(input: StoreInput): Promise<StoreAnswer>;
  /** The context for the next model call. It includes at least what this handle stored. */
  context(input?: ContextInput): Promise<ContextAnswer>;
  end(input?: EndInput): Promise<EndAnswer>;
  /** Deletes everything of the session in every tier, fields and messages too (document 2's clear_all). */
  clear(): Promise<void>;
}

/** `user_id` is whose session it is: who makes it new, and a check afterwards. An anonymous session has none. */
export function createSession(call: Call, session_id: string, owner: { user_id?: string }): Session {
  let lastSeq = 0;
  const seen = <T extends { seq: number | null }>(answer: T): T => {
    lastSeq = Math.max(lastSeq, answer.seq ?? 0);
    return answer;
  };
  const post = async <T>(path: readonly string[], input: object) =>
    (await call<T>({ method: 'POST', path, body: { ...input, ...owner, session_id } })).body;
  const route = ['sessions', session_id, 'messages'];

  return {
    ...createBuffer(call, session_id, owner),
    id: session_id,
    fields: createFields(call, session_id, owner),
    messages: {
      add: async (role, content, more = {}) => {
        const body = { role, content, ...more, ...owner };
        return seen((await call<AddedMessage>({ method: 'POST', path: route, body })).body);
      },
      list: async (page = {}) =>
        (await call<{ messages: ListedMessage[] }>({ method: 'GET', path: route, query: { ...owner, ...page } })).body.messages,
      count: async () => (await call<{ count: number }>({ method: 'GET', path: [...route, 'count'], query: owner })).body.count,
    },
    start: (input = {}) => post<StartAnswer>(['sessions', 'start'], input),
    store: async (input) => seen(await post<StoreAnswer>(['memory', 'store'], input)),
    context: (input = {}) => post<ContextAnswer>(['memory', 'context'], { ...(lastSeq > 0 && { at_least_seq: lastSeq }), ...input }),
    end: (input = {}) => post<EndAnswer>(['sessions', 'end'], input),
    clear: async () => void (await call({ method: 'DELETE', path: ['sessions', session_id, 'memory'], query: owner })),
  };
}
