import { createHash } from 'node:crypto';
import { MemoryError } from '../../errors.ts';
import { estimateTokens } from '../../llm/tokens.ts';
import type { Marker, SessionHead, UserRecord } from '../../model.ts';
import type { AddedSummary, HistoryEntry } from '../../model-answers-session.ts';
import type { Summary } from '../../model-memory.ts';
import type { SummariesQuery, SummaryRequest } from '../../requests-session.ts';
import type { Services } from '../../services.ts';
import { digest, markerId, memoryPartition, type Owner, summaryId } from '../../tiers/keys.ts';
import { createMemoryOf, readForgotten } from '../facts/forgotten.ts';
import { askSettled } from '../reflection/chunk.ts';
import { joined } from '../reflection/summarize.ts';
import { whileChanging } from './changing.ts';
import { limitsOf } from './limits.ts';
import { bufferStart } from './trust.ts';
import { readSession, sessionNotFound } from './view.ts';

const MAX_LOST_RACES = 20;
const MAX_ROLLING_CHARACTERS = 131_072;
const IDEMPOTENCY_KEY_SECONDS = 86_400;

/** What was written about a session, newest first, each with the range it covers. Errors: session_not_found, tier_unavailable. */
export async function listHistory(
  services: Services,
  owner: Owner,
  { session_id, limit, epoch }: Pick<SummariesQuery, 'limit' | 'epoch'> & { session_id: string },
) {
  const { head } = await readSession(services, { owner, session_id });
  const found = await services.warm.summaries.listHistory(owner, session_id, { epoch: epoch === 'all' ? undefined : head.epoch, limit });
  const summaries = found.toSorted(byAge).map(summaryView);
  return { summaries, count: summaries.length };
}

const byAge = (a: Summary, b: Summary): number =>
  a.created_at === b.created_at ? b.to_seq - a.to_seq : a.created_at < b.created_at ? 1 : -1;

const summaryView = ({ text, from_seq, to_seq, created_at, level, model, metadata }: Summary): HistoryEntry => ({
  summary: text,
  from_seq,
  to_seq,
  timestamp: created_at,
  tokens: estimateTokens(text),
  level,
  model,
  ...(metadata && { metadata }),
});

interface Adding {
  owner: Owner;
  session_id: string;
  request: SummaryRequest;
  idempotencyKey?: string;
}

/**
 * Adds a summary by hand to the current one. With `to_seq` it stands for the messages up to there, which leave the buffer; without it
 * covers nothing new, and its range is empty. Errors: session_not_found, summary_conflict, idempotency_mismatch, body_too_large,
 * tier_unavailable.
 */
export async function addSummary(services: Services, { owner, session_id, request, idempotencyKey }: Adding): Promise<AddedSummary> {
  const { sessions } = services.warm;
  const token = services.mint();
  const body_hash = createHash('sha256').update(JSON.stringify(request)).digest('base64url');
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const { head: stored, user } = await sessions.readHeadAndUser(owner, session_id);
    if (!stored || !user) throw sessionNotFound(session_id, owner);
    const head = stored.value;
    const marker = idempotencyKey === undefined ? undefined : markerOf(head, { key: idempotencyKey, body_hash, token });
    const before = marker && (await sessions.readMarker(owner, marker));
    if (before) return recognise(services, owner, { marker: before, body_hash });
    const written = await writeByHand(services, owner, { head, user: user.value, request, token, marker });
    if (written) return { ...summaryView(written), success: true, duplicate: false };
  }
  throw new MemoryError('summary_conflict', `session "${session_id}" was summarised by others all the time`);
}

function markerOf(head: SessionHead, { key, body_hash, token }: { key: string; body_hash: string; token: string }): Marker {
  const { pk, session_id, epoch } = head;
  const id = markerId(session_id, epoch, `key|${key}`);
  return { id, pk, kind: 'marker', schema_version: 1, body_hash, token, first_seq: head.last_seq, ttl: IDEMPOTENCY_KEY_SECONDS };
}

async function recognise({ warm }: Services, owner: Owner, { marker, body_hash }: { marker: Marker; body_hash: string }) {
  const written = marker.body_hash === body_hash ? await warm.memory.readRolling(owner, marker.ref ?? null) : undefined;
  if (!written) throw new MemoryError('idempotency_mismatch', 'this Idempotency-Key was used before with another body');
  return { ...summaryView(written), success: true as const, duplicate: true };
}

interface ByHand {
  head: SessionHead;
  user: UserRecord;
  request: SummaryRequest;
  token: string;
  marker: Marker | undefined;
}

/** Writes the summary, the current one with it, and the cursor; undefined when the cursor moved or something was forgotten meanwhile. */
async function writeByHand(services: Services, owner: Owner, { head, user, request, token, marker }: ByHand): Promise<Summary | undefined> {
  const { session_id, epoch } = head;
  const { sessions, memory } = services.warm;
  const cursor = bufferStart(head);
  const to = request.to_seq ?? cursor;
  if (to < cursor || to > head.last_seq)
    throw new MemoryError('summary_conflict', `to_seq must be from ${cursor}, where summaries end, to ${head.last_seq}, saw ${to}`);
  const [covered, rolling] = await Promise.all([
    sessions.readMessages(owner, session_id, { epoch, after: cursor, through: to }),
    memory.readRolling(owner, head.rolling_id),
  ]);
  const forgotten = await readForgotten(services, owner, user);
  const { without } = createMemoryOf(forgotten.filter((one) => one.removed_at === null)); // the others are not in it any more
  const { merged, chunks } = rolling?.parts ?? { merged: '', chunks: [] };
  const parts = { merged: without(merged), chunks: chunks.map((chunk) => without(chunk)) };
  const grown = { ...parts, chunks: [...parts.chunks, request.summary] };
  const text = joined(grown);
  if (text.length > MAX_ROLLING_CHARACTERS)
    throw new MemoryError('body_too_large', `the current summary would have ${text.length} characters, of ${MAX_ROLLING_CHARACTERS}`);
  const shared = {
    pk: memoryPartition(owner),
    kind: 'summary' as const,
    schema_version: 1 as const,
    session_id,
    epoch,
    to_seq: to,
    topics: [],
    model: 'caller',
    created_at: new Date(services.now()).toISOString(),
  };
  const named = (level: 'manual' | 'rolling', from: number) => ({
    level,
    from_seq: from,
    id: summaryId(session_id, epoch, { from, to, level: `${level}-${digest(token)}` }), // a range may have several
  });
  const own: Summary = { ...shared, ...named('manual', cursor + 1), text: request.summary, metadata: request.metadata };
  const current: Summary = { ...shared, ...named('rolling', rolling?.from_seq ?? cursor + 1), text, parts: grown };
  const last = covered.at(-1);
  const change = { rolling_id: current.id, ...(last && { summarized_through: last.seq, summarized_turn: last.turn_no }) };
  const tokens = covered.reduce((sum, m) => sum + m.tokens, 0);
  const after = { ...head, ...change, buffer_tokens: head.buffer_tokens - tokens };
  const settled = last ? askSettled(after, limitsOf(services.config.memory, head.config)) : {};
  const markers = marker ? [{ ...marker, ref: own.id }] : [];
  const committed = await whileChanging(services, { owner, session_id }, () =>
    memory.commitSummary({ owner, head, change: { ...change, ...settled }, tokens, documents: [own, current], markers, user }),
  );
  return committed ? own : undefined;
}
