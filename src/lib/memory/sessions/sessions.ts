import { MemoryError } from '../../errors.ts';
import type { SessionHead } from '../../model.ts';
import type { EndAnswer, StartAnswer } from '../../model-answers.ts';
import type { EndRequest, StartRequest } from '../../requests.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import type { Owner } from '../../tiers/keys.ts';
import { buildContext } from '../context/context-build.ts';
import { announce, noteIdle, slowJobId, startSlow } from '../jobs/due.ts';
import { readJob } from '../jobs/jobs.ts';
import { whileChanging } from './changing.ts';
import { openSession } from './open.ts';
import { turnCount } from './turns-of.ts';
import { readView, sessionNotFound } from './view.ts';

const MAX_LOST_RACES = 20;

/**
 * Opens a session, new or known, and answers all that is known for it. `restore: false` starts an existing one over: a new epoch,
 * whose counts and contexts begin at nothing, while the old turns stay as evidence. Errors: session_not_found, tier_unavailable.
 */
export async function startSession(
  services: Services,
  owner: Owner,
  { session_id, restore }: StartRequest & { session_id: string },
): Promise<StartAnswer> {
  const head = await openSession(services, owner, session_id);
  if (!restore && (head.last_seq > head.epoch_seq || head.status === 'ended')) await startOver(services, owner, session_id);
  const view = await readView(services, { owner, session_id });
  const { contextMaxTokens: maxTokens, mSessionsRecent: recentSessions } = services.config.memory;
  const context = buildContext(view, [], { maxTokens, recentSessions, explain: false });
  return {
    session_id,
    user_id: owner.user_id,
    active_context: context.active_context,
    messages: context.messages,
    cumulative_summary: context.cumulative_summary,
    insights: context.insights.map((i) => i.content),
    session_summaries: context.session_summaries.map((s) => s.summary),
    formatted_context: context.formatted_context,
    restored: view.head.last_seq > view.head.epoch_seq,
    watermark: context.watermark,
  };
}

/**
 * Ends a session: queues the final summary and reflection, and waits for it up to `wait_ms`, so that the counts are real when it is
 * done in time. Ending twice is one job. Errors: session_not_found, tier_unavailable, session_busy.
 */
export async function endSession(services: Services, owner: Owner, { session_id, wait_ms }: EndRequest): Promise<EndAnswer> {
  const head = await markEnded(services, owner, { session_id });
  const job_id = head.end_job_id ?? '';
  const job = wait_ms > 0 ? await readJob(services, { tenant: owner.tenant }, { id: job_id, waitMs: wait_ms }) : undefined;
  const done = job?.status === 'done' ? job.result : undefined;
  return {
    status: 'success',
    message: done ? 'Session ended and reflected on' : 'Session ended; the final summary and reflection are queued',
    summary_generated: done?.summary_generated === true,
    insights_count: Number(done?.insights_count ?? 0),
    turns_count: turnCount(head),
    job_id,
  };
}

/** Ends a session that was last used at `idleSince` (ISO) or before; answers whether it is over now. Errors: as endSession. */
export async function endIdleSession(
  services: Services,
  owner: Owner,
  { session_id, idleSince }: { session_id: string; idleSince: string },
): Promise<boolean> {
  return (await markEnded(services, owner, { session_id, idleSince })).status === 'ended';
}

/** The head says that it is over and which job reflects on it, and that job is queued; a session in use after `idleSince` is left. */
async function markEnded(
  services: Services,
  owner: Owner,
  { session_id, idleSince }: { session_id: string; idleSince?: string },
): Promise<SessionHead> {
  const head = await changeHead(services, { owner, session_id }, async ({ value }) => {
    if (value.end_job_id !== null) return undefined;
    if (idleSince !== undefined && value.last_active_at > idleSince) return undefined;
    const job_id = slowJobId(owner, value, { kind: 'reflect', now: services.now() });
    await announce(services, owner, { session_id, kind: 'reflect', job_id });
    return { status: 'ended', ended_at: new Date(services.now()).toISOString(), end_job_id: job_id, reflect_turn: value.turn_no };
  });
  if (head.end_job_id !== null) await startSlow(services, owner, { head, kind: 'reflect', job_id: head.end_job_id });
  return head;
}

async function startOver(services: Services, owner: Owner, session_id: string): Promise<void> {
  await changeHead(services, { owner, session_id }, async ({ value }) => {
    if (value.status === 'ended') await noteIdle(services, owner, session_id);
    const at = new Date(services.now()).toISOString();
    return { ...emptyEpoch(value), status: 'open', started_at: at, last_active_at: at, ended_at: null, end_job_id: null };
  });
}

/** The next epoch of a session, whose counts and contexts begin at nothing. */
export const emptyEpoch = ({ epoch, last_seq, turn_no }: SessionHead): Partial<SessionHead> => ({
  epoch: epoch + 1,
  epoch_seq: last_seq,
  epoch_turn: turn_no,
  turn_id: null,
  summarized_through: last_seq,
  summarized_turn: turn_no,
  buffer_tokens: 0,
  summary_asked: last_seq,
  rolling_id: null,
  summary_id: null,
});

type Change = (head: Stored<SessionHead>) => Promise<Partial<SessionHead> | undefined>;

/** Compare-and-swap on the head between an announced intent and the end of the hot copy; done over when somebody else was faster. */
export async function changeHead(
  services: Services,
  { owner, session_id }: { owner: Owner; session_id: string },
  change: Change,
): Promise<SessionHead> {
  const { sessions } = services.warm;
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const stored = await sessions.readHead(owner, session_id);
    if (!stored) throw sessionNotFound(session_id, owner);
    const changed = await change(stored);
    if (!changed) return stored.value;
    const moved = await whileChanging(services, { owner, session_id }, () => sessions.moveHead(owner, stored, changed));
    if (moved) return { ...stored.value, ...changed };
  }
  throw new MemoryError('session_busy', `session "${session_id}" had other writers all the time`, { retryAfterSeconds: 1 });
}
