import type { Message, SessionHead } from '../../model.ts';
import { bufferStart } from '../sessions/trust.ts';
import { type Turn, turnsOf } from '../sessions/turns-of.ts';

/** Bounds of a session's buffer; tokens are estimates. */
export interface BufferLimits {
  kTurnBuffer: number;
  lTurnChunks: number;
  maxBufferMessages: number;
  maxBufferTokens: number;
  summaryTriggerTokens: number;
}

const BELOW_TRIGGER = 2 / 3; // a trigger far below the limit must leave less than itself, by estimate and by exact count
const CHUNK_TOKENS = 12_000; // what one model call reads

/** Does the buffer overflow: more than K turns and a chunk of L, more messages than it may hold, or tokens past the trigger? */
export function overflows(head: SessionHead, limits: BufferLimits): boolean {
  const turns = openTurns(head);
  const messages = head.last_seq - bufferStart(head);
  const { kTurnBuffer, lTurnChunks, maxBufferMessages, summaryTriggerTokens } = limits;
  return turns > kTurnBuffer + lTurnChunks || messages > maxBufferMessages || head.buffer_tokens > summaryTriggerTokens;
}

/** Overflow asks for a summary once; what was asked for and has not come is left to its job, until another chunk has gathered. */
export function summaryIsDue(head: SessionHead, limits: BufferLimits): boolean {
  if (!hasWork(head, limits)) return false;
  const pending = head.summary_asked > bufferStart(head);
  return !pending || head.last_seq - head.summary_asked >= 2 * limits.lTurnChunks;
}

const hasWork = (head: SessionHead, limits: BufferLimits): boolean => overflows(head, limits) && hasSomethingToTake(head, limits);

/** What a summary that leaves the head like this says of the asking: once the buffer is small enough, the next overflow asks anew. */
export const askSettled = (head: SessionHead, limits: BufferLimits): Partial<SessionHead> =>
  hasWork(head, limits) ? {} : { summary_asked: bufferStart(head) };

/** The newest turn stays, however large it is: while it is alone there is nothing to do, and the next turn must ask anew. */
function hasSomethingToTake(head: SessionHead, { maxBufferMessages }: BufferLimits): boolean {
  return openTurns(head) > 1 || head.last_seq - bufferStart(head) > maxBufferMessages;
}

const openTurns = (head: SessionHead): number => head.turn_no - Math.max(head.summarized_turn, head.epoch_turn);

const tokensOf = (messages: Message[]): number => messages.reduce((sum, m) => sum + m.tokens, 0);

/**
 * The oldest messages of an overflowing buffer that leave together: as many turns as it takes until at most half of each limit is
 * left, at most L at a time, always leaving the newest turn, and K turns when they fit. A single turn longer than the whole buffer
 * may be cut (CONTRACT "Messages, buffer and limits").
 */
export function takeChunk(buffer: Message[], limits: BufferLimits): Message[] {
  const turns = turnsOf(buffer);
  const leaving = turns.length - staying(turns, limits);
  const chunk = turns.slice(0, Math.min(leaving, limits.lTurnChunks)).flatMap((turn) => turn.messages);
  const [only] = turns;
  const cut = leaving === 0 && turns.length === 1 && only !== undefined && only.messages.length > limits.maxBufferMessages;
  return withinCall(cut ? only.messages.slice(0, -Math.max(1, Math.floor(limits.maxBufferMessages / 2))) : chunk);
}

/** How many of the newest turns stay. */
export function staying(turns: Turn[], { kTurnBuffer, maxBufferMessages, maxBufferTokens, summaryTriggerTokens }: BufferLimits): number {
  const room = Math.min(maxBufferTokens / 2, summaryTriggerTokens * BELOW_TRIGGER);
  let messages = 0;
  let tokens = 0;
  const fits = turns.toReversed().findIndex((turn, i) => {
    messages += turn.messages.length;
    tokens += tokensOf(turn.messages);
    return i > 0 && (i >= kTurnBuffer || messages > maxBufferMessages / 2 || tokens > room);
  });
  return fits < 0 ? turns.length : fits;
}

/** As many of the first messages as one model call reads; at least one. */
function withinCall(messages: Message[]): Message[] {
  let room = CHUNK_TOKENS;
  return messages.filter((m, i) => {
    room -= m.tokens;
    return i === 0 || room >= 0;
  });
}
