import type { Summary } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, summaryId } from '../../tiers/keys.ts';
import { createMemoryOf, readForgotten } from '../facts/forgotten.ts';
import { overflows, staying } from '../reflection/chunk.ts';
import { whileChanging } from '../sessions/changing.ts';
import { limitsOf } from '../sessions/limits.ts';
import { bufferStart } from '../sessions/trust.ts';
import { turnsOf } from '../sessions/turns-of.ts';

const MAX_LOST_COMMITS = 5;

/**
 * Takes the messages of a transcript out of its session's buffer, all but the newest turns: the session's summary stands for them, and
 * whoever goes on with the conversation reads a context of ordinary size. No model is asked: the summary is there.
 */
export async function foldBuffer(services: Services, owner: Owner, session_id: string): Promise<void> {
  for (let lost = 0; lost < MAX_LOST_COMMITS; lost++) {
    const step = await readFold(services, owner, session_id);
    if (!step) return;
    const { head, user, to, turn, tokens, rolling } = step;
    const change = { summarized_through: to, summarized_turn: turn, summary_asked: to, rolling_id: rolling.id };
    const fold = { owner, head, change, tokens, documents: [rolling], user };
    if (await whileChanging(services, { owner, session_id }, () => services.warm.memory.commitSummary(fold))) return;
  }
}

async function readFold(services: Services, owner: Owner, session_id: string) {
  const { warm, config, now } = services;
  const read = await warm.sessions.readHeadAndUser(owner, session_id);
  const [head, user] = [read.head?.value, read.user?.value];
  const limits = limitsOf(config.memory, head?.config);
  if (!head || !user || head.rolling_id !== null || !overflows(head, limits)) return undefined;
  const [summary] = await warm.memory.readSummaries(owner, head.summary_id === null ? [] : [head.summary_id]);
  const after = Math.max(bufferStart(head), head.last_seq - limits.maxBufferMessages);
  const newest = await warm.sessions.readMessages(owner, session_id, { epoch: head.epoch, after, through: head.last_seq });
  const turns = turnsOf(newest);
  const kept = turns.slice(-staying(turns, limits)).flatMap((turn) => turn.messages);
  const to = (kept[0]?.seq ?? head.last_seq + 1) - 1;
  if (!summary || to <= bufferStart(head)) return undefined;
  const turn = newest.findLast((message) => message.seq <= to)?.turn_no ?? (kept[0]?.turn_no ?? head.turn_no) - 1;
  const from_seq = bufferStart(head) + 1;
  const text = createMemoryOf(await readForgotten(services, owner, user)).without(summary.text);
  const rolling: Summary = {
    id: summaryId(session_id, head.epoch, { from: from_seq, to, level: 'rolling' }),
    pk: memoryPartition(owner),
    kind: 'summary',
    schema_version: 1,
    level: 'rolling',
    session_id,
    epoch: head.epoch,
    from_seq,
    to_seq: to,
    text,
    topics: summary.topics,
    model: summary.model,
    created_at: new Date(now()).toISOString(),
    parts: { merged: text, chunks: [] },
  };
  const tokens = Math.max(0, head.buffer_tokens - kept.reduce((sum, message) => sum + message.tokens, 0));
  return { head, user, to, turn, tokens, rolling };
}
