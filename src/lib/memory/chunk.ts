import type { Message, SessionHead } from '../model.ts';
import { bufferStart } from './trust.ts';
import { type Turn, turnsOf } from './turns-of.ts';

/** Bounds of a session's buffer; tokens are estimates. */
export interface BufferLimits {
  kTurnBuffer: number;
  lTurnChunks: number;
  maxBufferMessages: number;
  maxBufferTokens: number;
  summaryTriggerTokens: number;
}

const CHUNK_TOKENS = 12_000; // what one model call reads

/** Does the buffer overflow: more than K turns and a chunk of L, more messages than it may hold, or tokens past the trigger? */
export function overflows(head: SessionHead, limits: BufferLimits): boolean {
  const turns = head.turn_no - Math.max(head.summarized_turn, head.epoch_turn);
  const messages = head.last_seq - bufferStart(head);
  const { kTurnBuffer, lTurnChunks, maxBufferMessages, summaryTriggerTokens } = limits;
  return turns > kTurnBuffer + lTurnChunks || messages > maxBufferMessages || head.buffer_tokens > summaryTriggerTokens;
}

/** Overflow asks for a summary once; what was asked for and has not come is left to its job, until another chunk has gathered. */
export function summaryIsDue(head: SessionHead, limits: BufferLimits): boolean {
  if (!overflows(head, limits)) return false;
  const pending = head.summary_asked > bufferStart(head);
  return !pending || head.last_seq - head.summary_asked >= 2 * limits.lTurnChunks;
}

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
function staying(turns: Turn[], { kTurnBuffer, maxBufferMessages, maxBufferTokens }: BufferLimits): number {
  let messages = 0;
  let tokens = 0;
  const fits = turns.toReversed().findIndex((turn, i) => {
    messages += turn.messages.length;
    tokens += tokensOf(turn.messages);
    return i > 0 && (i >= kTurnBuffer || messages > maxBufferMessages / 2 || tokens > maxBufferTokens / 2);
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
