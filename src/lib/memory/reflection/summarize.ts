import type { ModelMessage } from '../../llm/port.ts';
import { messageTokens } from '../../llm/tokens.ts';
import type { TokenCounter } from '../../llm/tokens-exact.ts';
import type { Message, SessionHead, UserRecord } from '../../model.ts';
import type { Summary } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, ownerOf, summaryId } from '../../tiers/keys.ts';
import { readForgotten } from '../facts/forgotten.ts';
import { withoutSecrets } from '../facts/secrets.ts';
import { createUnlearning, type Heard, type Unlearning } from '../facts/unlearn.ts';
import { type JobHandle, sessionOf, type WorkDone } from '../jobs/job-handle.ts';
import { whileChanging } from '../sessions/changing.ts';
import { limitsOf } from '../sessions/limits.ts';
import { bufferStart } from '../sessions/trust.ts';
import { askSettled, type BufferLimits, overflows, takeChunk } from './chunk.ts';

const MAX_CHUNKS = 8; // chunk summaries in a rolling one before they are merged into one text
const CHUNK_TOKENS = 120;
const MERGED_TOKENS = 500;
const MAX_LOST_COMMITS = 10;

/**
 * The `summarize` job: while the buffer overflows, its oldest chunk becomes a chunk summary and part of the rolling summary. Model
 * calls happen outside any lock; the commit counts only if the cursor has not moved.
 */
export async function summarize(services: Services, handle: JobHandle): Promise<WorkDone> {
  const { tenant, user_id } = handle.job;
  const session_id = sessionOf(handle.job);
  const owner = ownerOf(tenant, user_id, session_id);
  let chunks = Number(handle.job.result?.chunks ?? 0);
  for (let lost = 0; lost < MAX_LOST_COMMITS; ) {
    const step = await readOverflow(services, owner, session_id);
    if (!step) break;
    const documents = await writeSummaries(services, owner, step);
    const committed = await commit(services, { owner, step, documents });
    if (committed) chunks++;
    else lost++;
    await handle.checkpoint({ chunks });
    if (handle.timeUp()) return { result: { chunks }, more: true };
  }
  return { result: { chunks } };
}

interface Overflow {
  head: SessionHead;
  user: UserRecord;
  chunk: Message[];
  heard: Heard[];
  rolling: Summary | undefined;
  /** Keeps what was forgotten out of what is read and written. */
  unlearning: Unlearning;
}

/** The chunk that the `summarize` job would take now; undefined when nothing overflows. */
export async function readOverflow(services: Services, owner: Owner, session: string): Promise<Overflow | undefined> {
  const { warm, config, tokens } = services;
  const { head: stored, user } = await warm.sessions.readHeadAndUser(owner, session);
  const limits = limitsOf(config.memory, stored?.value.config);
  if (!stored || !user || !overflows(stored.value, limits)) return undefined;
  const head = stored.value;
  const range = { epoch: head.epoch, after: bufferStart(head), through: head.last_seq };
  const [records, rolling, forgotten] = await Promise.all([
    warm.sessions.readAppends(owner, session, range),
    warm.memory.readRolling(owner, head.rolling_id),
    readForgotten(services, owner, user.value),
  ]);
  const stored_at = new Map(records.flatMap((record) => record.messages.map((message) => [message.seq, record.stored_at])));
  const buffer = records.flatMap((record) => record.messages).filter((m) => m.seq > range.after && m.seq <= range.through);
  const chunk = await takeExactly(buffer, limits, tokens);
  const heard = chunk.map((message) => ({ message, stored_at: stored_at.get(message.seq) ?? '' }));
  const unlearning = createUnlearning(forgotten, { session_id: session, heard, previous: rolling?.text ?? '' });
  return chunk.length > 0 ? { head, user: user.value, chunk, heard, rolling, unlearning } : undefined;
}

/** The chunk by exact counts; by the estimates that found the overflow where those leave nothing to take. */
async function takeExactly(buffer: Message[], limits: BufferLimits, counter: TokenCounter): Promise<Message[]> {
  const { counts } = await counter.count(buffer.map((m) => m.content));
  const taken = takeChunk(
    buffer.map((m, i) => ({ ...m, tokens: (counts[i] ?? 0) + messageTokens({ ...m, content: '' }) })),
    limits,
  );
  return taken.length > 0 ? buffer.slice(0, taken.length) : takeChunk(buffer, limits);
}

/** The chunk's own summary, and the rolling one with it; the ninth chunk merges all into one text. */
async function writeSummaries(services: Services, owner: Owner, step: Overflow): Promise<[Summary, Summary]> {
  const { head, chunk, heard, rolling, unlearning } = step;
  const { model } = services;
  const messages = heard.map((one) => toModelMessage({ ...one.message, content: unlearning.contentOf(one) }));
  const own = await model.summarize({ previous_summary: '', messages, max_tokens: CHUNK_TOKENS });
  const text = clean(unlearning, own.value.summary);
  const parts = cleanParts(unlearning, rolling?.parts ?? { merged: '', chunks: [] });
  const grown = { merged: parts.merged, chunks: [...parts.chunks, text] };
  let next = grown;
  let writer = own.usage.model;
  if (grown.chunks.length > MAX_CHUNKS) {
    const merge = await model.summarize({ previous_summary: joined(parts), messages, max_tokens: MERGED_TOKENS });
    next = { merged: clean(unlearning, merge.value.summary), chunks: [] };
    writer = merge.usage.model;
  }
  const to = chunk.at(-1)?.seq ?? head.summarized_through;
  const shared = {
    pk: memoryPartition(owner),
    kind: 'summary' as const,
    schema_version: 1 as const,
    session_id: head.session_id,
    epoch: head.epoch,
    to_seq: to,
    topics: [],
    created_at: new Date(services.now()).toISOString(),
  };
  const named = (level: 'chunk' | 'rolling', from: number) => ({
    level,
    from_seq: from,
    id: summaryId(head.session_id, head.epoch, { from, to, level }),
  });
  return [
    { ...shared, ...named('chunk', bufferStart(head) + 1), model: own.usage.model, text },
    { ...shared, ...named('rolling', rolling?.from_seq ?? bufferStart(head) + 1), model: writer, text: joined(next), parts: next },
  ];
}

/** A text without what was forgotten, and without secrets. */
const clean = (unlearning: Unlearning, written: string): string => withoutSecrets(unlearning.text(written));

type Parts = NonNullable<Summary['parts']>;
const cleanParts = (unlearning: Unlearning, { merged, chunks }: Parts): Parts => ({
  merged: unlearning.text(merged),
  chunks: chunks.map(unlearning.text),
});

/** The text of a rolling summary from its parts. */
export const joined = ({ merged, chunks }: { merged: string; chunks: string[] }): string => [merged, ...chunks].filter(Boolean).join('\n');

const toModelMessage = ({ seq, role, name, content, created_at }: Message): ModelMessage => ({ seq, role, name, content, created_at });

function commit(services: Services, { owner, step, documents }: { owner: Owner; step: Overflow; documents: [Summary, Summary] }) {
  const { head, user, chunk } = step;
  const { session_id } = head;
  const last = chunk.at(-1);
  const change = { summarized_through: last?.seq ?? 0, summarized_turn: last?.turn_no ?? 0, rolling_id: documents[1].id };
  const tokens = chunk.reduce((sum, m) => sum + m.tokens, 0);
  const after = { ...head, ...change, buffer_tokens: head.buffer_tokens - tokens };
  const settled = askSettled(after, limitsOf(services.config.memory, head.config));
  return whileChanging(services, { owner, session_id }, () =>
    services.warm.memory.commitSummary({ owner, head, change: { ...change, ...settled }, tokens, documents, user }),
  );
}
