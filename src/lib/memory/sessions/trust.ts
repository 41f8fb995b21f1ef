import type { Message, SessionHead } from '../../model.ts';
import { decoded } from '../../tiers/decoded.ts';
import type { HotMemory, HotSession } from '../../tiers/hot.ts';

/** A hot copy that is whole: nobody is writing, and its buffer is exactly the messages its head counts. */
export interface WholeCopy {
  head: SessionHead;
  rolling: string;
  messages: Message[];
}

/** Is the copy whole? Nobody is writing, and it is consistent. Whether it is also recent is `isFresh`. */
export const wholeCopy = (copy: HotSession): WholeCopy | undefined => (copy.busy ? undefined : consistentCopy(copy));

/**
 * A copy whose buffer holds as many messages as its head counts, from the first uncovered seq to last_seq. Messages are immutable, so
 * the right seqs are the right texts. With a writer under way it may be behind by what is being written.
 */
export function consistentCopy(copy: HotSession): WholeCopy | undefined {
  const { head } = copy;
  if (!head || copy.count !== copy.texts.length) return undefined;
  const after = bufferStart(head);
  if (head.last_seq - after !== copy.count) return undefined;
  const messages = copy.texts.map(messageIn);
  return areInOrder(messages, after) ? { head, rolling: copy.rolling, messages } : undefined;
}

const areInOrder = (messages: (Message | undefined)[], after: number): messages is Message[] =>
  messages.every((m, i) => m?.seq === after + 1 + i);

/** The message that a text of the buffer holds; undefined when it is none. */
function messageIn(text: string): Message | undefined {
  const message = decoded(text) as Partial<Message> | null | undefined;
  const looksRight = typeof message?.seq === 'number' && typeof message.content === 'string' && typeof message.turn_no === 'number';
  return looksRight ? (message as Message) : undefined;
}

/** Texts of a copy that cannot be decoded. */
export const garbledIn = (copy: HotSession): number =>
  copy.texts.filter((text) => messageIn(text) === undefined).length + Number(copy.garbled);

/** A message as it was read; `raw` when only its text is known. */
export type ReadMessage = Message & { raw?: true };

/**
 * The copy with what cannot be decoded as it is: better than nothing while Cosmos DB does not answer either. Not when the head is
 * unreadable, because then nobody knows whose it is.
 */
export function rawCopy(copy: HotSession): (Omit<WholeCopy, 'messages'> & { messages: ReadMessage[] }) | undefined {
  const { head } = copy;
  if (!head || copy.texts.length !== head.last_seq - bufferStart(head)) return undefined;
  const messages = copy.texts.map((text, i) => messageIn(text) ?? rawMessage(text, bufferStart(head) + 1 + i));
  return { head, rolling: copy.rolling, messages };
}

const rawMessage = (content: string, seq: number): ReadMessage => ({
  seq,
  message_id: '',
  turn_no: 0,
  turn_id: '',
  role: 'user',
  content,
  created_at: '',
  tokens: 0,
  raw: true,
});

/** The last seq that is not in the buffer: covered by a summary, or of an older epoch. */
export const bufferStart = (head: SessionHead): number => Math.max(head.epoch_seq, head.summarized_through);

export interface Freshness {
  now: number;
  withinSeconds: number;
  /** When this process last had reason to doubt what Redis holds. */
  doubtedAt: number;
}

/**
 * Verified against Cosmos recently enough, and since this process last saw Redis fail: what changed during an outage may be in no
 * copy. A time in the future (another instance's clock) is not trusted either.
 */
export function isFresh(verifiedAt: number, { now, withinSeconds, doubtedAt }: Freshness): boolean {
  return verifiedAt > doubtedAt && Math.abs(now - verifiedAt) < withinSeconds * 1000;
}

/**
 * May the cached memory of a user be used beside this session? Its own check or the session's must be recent, and where the
 * session's is, both must have seen the same user record.
 */
export function memoryIsFresh(memory: HotMemory, session: HotSession | undefined, rules: Freshness): boolean {
  if (memory.doc === undefined || memory.busy) return false;
  const sessionFresh = session !== undefined && isFresh(session.verifiedAt, rules);
  if (sessionFresh) return session.memoryEtag === memory.etag;
  return isFresh(memory.verifiedAt, rules);
}
