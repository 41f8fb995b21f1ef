import type { ModelMessage } from '../../llm/port.ts';
import type { TokenCounter } from '../../llm/tokens-exact.ts';
import type { Message, SessionHead } from '../../model.ts';
import type { Summary } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, ownerOf, summaryId } from '../../tiers/keys.ts';
import type { JobHandle, WorkDone } from '../jobs/job-handle.ts';
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
  const { tenant, user_id, session_id } = handle.job;
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
  chunk: Message[];
  rolling: Summary | undefined;
}

/** The chunk that the `summarize` job would take now; undefined when nothing overflows. */
export async function readOverflow({ warm, config, tokens }: Services, owner: Owner, session: string): Promise<Overflow | undefined> {
  const stored = await warm.sessions.readHead(owner, session);
  const limits = limitsOf(config.memory, stored?.value.config);
  if (!stored || !overflows(stored.value, limits)) return undefined;
  const head = stored.value;
  const range = { epoch: head.epoch, after: bufferStart(head), through: head.last_seq };
  const [buffer, rolling] = await Promise.all([
    warm.sessions.readMessages(owner, session, range),
    warm.memory.readRolling(owner, head.rolling_id),
  ]);
  const chunk = await takeExactly(buffer, limits, tokens);
  return chunk.length > 0 ? { head, chunk, rolling } : undefined;
}

/** The chunk by exact counts; by the estimates that found the overflow where those leave nothing to take. */
async function takeExactly(buffer: Message[], limits: BufferLimits, counter: TokenCounter): Promise<Message[]> {
  const { counts } = await counter.count(buffer.map((m) => m.content));
  const taken = takeChunk(
    buffer.map((m, i) => ({ ...m, tokens: counts[i] ?? m.tokens })),
    limits,
  );
  return taken.length > 0 ? buffer.slice(0, taken.length) : takeChunk(buffer, limits);
}

/** The chunk's own summary, and the rolling one with it; the ninth chunk merges all into one text. */
async function writeSummaries(services: Services, owner: Owner, { head, chunk, rolling }: Overflow): Promise<[Summary, Summary]> {
  const { model } = services;
  const messages = chunk.map(toModelMessage);
  const own = await model.summarize({ previous_summary: '', messages, max_tokens: CHUNK_TOKENS });
  const parts = rolling?.parts ?? { merged: '', chunks: [] };
  const grown = { merged: parts.merged, chunks: [...parts.chunks, own.value.summary] };
  let next = grown;
  let writer = own.usage.model;
  if (grown.chunks.length > MAX_CHUNKS) {
    const merge = await model.summarize({ previous_summary: joined(parts), messages, max_tokens: MERGED_TOKENS });
    next = { merged: merge.value.summary, chunks: [] };
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
    { ...shared, ...named('chunk', bufferStart(head) + 1), model: own.usage.model, text: own.value.summary },
    { ...shared, ...named('rolling', rolling?.from_seq ?? bufferStart(head) + 1), model: writer, text: joined(next), parts: next },
  ];
}

/** The text of a rolling summary from its parts. */
export const joined = ({ merged, chunks }: { merged: string; chunks: string[] }): string => [merged, ...chunks].filter(Boolean).join('\n');

const toModelMessage = ({ seq, role, name, content, created_at }: Message): ModelMessage => ({ seq, role, name, content, created_at });

function commit(services: Services, { owner, step, documents }: { owner: Owner; step: Overflow; documents: [Summary, Summary] }) {
  const { head, chunk } = step;
  const { session_id } = head;
  const last = chunk.at(-1);
  const change = { summarized_through: last?.seq ?? 0, summarized_turn: last?.turn_no ?? 0, rolling_id: documents[1].id };
  const tokens = chunk.reduce((sum, m) => sum + m.tokens, 0);
  const after = { ...head, ...change, buffer_tokens: head.buffer_tokens - tokens };
  const settled = askSettled(after, limitsOf(services.config.memory, head.config));
  return whileChanging(services, { owner, session_id }, () =>
    services.warm.memory.commitSummary({ owner, head, change: { ...change, ...settled }, tokens, documents }),
  );
}
