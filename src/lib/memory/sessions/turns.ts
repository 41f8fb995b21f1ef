import { setTimeout as wait } from 'node:timers/promises';
import { MemoryError } from '../../errors.ts';
import type { AppendRecord, Marker, SessionHead } from '../../model.ts';
import type { StoreAnswer } from '../../model-answers.ts';
import type { QueuedWrite } from '../../model-work.ts';
import type { StoreRequest } from '../../requests.ts';
import type { Services } from '../../services.ts';
import { sessionWas } from '../../telemetry.ts';
import { UnclearError } from '../../tiers/cosmos-gate.ts';
import type { At, Intent } from '../../tiers/hot.ts';
import type { Owner } from '../../tiers/keys.ts';
import type { Outcome } from '../../tiers/warm-sessions.ts';
import { announce, askedFor, dueWork, noteIdle, type Slow, slowJobId, startSlow } from '../jobs/due.ts';
import { type AppendPlan, type Draft, draftAppend, largestBatch, planAppend } from './append.ts';
import { askToEndCopies, endCopies } from './changing.ts';
import { openSession } from './open.ts';
import { bufferStart } from './trust.ts';
import { sessionNotFound } from './view.ts';
import { watermarkOf } from './watermark.ts';
import { queueWrite } from './write-behind.ts';

const MAX_BATCH_BYTES = 1_800_000; // Cosmos takes 2 MB a batch; the rest is for its envelope

/** The ids of what a job fills in, and the one epoch in which it may. */
export type Filling = Pick<Draft, 'turnId' | 'messageIds'> & { epoch: number };

/**
 * Stores the messages of one call, all or none, exactly once however often it is repeated with the same ids.
 * `filling` names what a job fills in, so that one marker stands for all of it, and only in that epoch. Errors: session_not_found, idempotency_mismatch, body_too_large, session_busy, tier_unavailable.
 */
export async function storeMessages(
  services: Services,
  { owner, request, idempotencyKey, filling }: { owner: Owner; request: StoreRequest; idempotencyKey?: string; filling?: Filling },
): Promise<StoreAnswer> {
  const draft = { ...draftAppend(request, { mint: services.mint, idempotencyKey }), ...filling };
  refuseTooLarge(draft); // before a new session is opened for it
  return services.inLine(`${owner.tenant}|${request.session_id}`, () => storeDraft(services, owner, { draft }));
}

/** One store from its draft; `drains` when it comes out of the queue and must not go back into it. */
export async function storeDraft(
  services: Services,
  owner: Owner,
  { draft, drains = false }: { draft: Draft; drains?: boolean },
): Promise<StoreAnswer> {
  const { session_id } = draft.request;
  const at = { tenant: owner.tenant, session_id };
  const intent = await services.hot.begin(at, draft.token);
  if (intent?.head && intent.head.user_id !== owner.user_id) {
    await services.hot.abort(at, draft.token);
    throw sessionNotFound(session_id, owner);
  }
  sessionWas(intent?.head ? 'hot' : 'cold');
  if (intent?.pending && !drains) return queueBehind(services, owner, { draft, head: intent.head });
  const written = await appendUntilDone(services, { owner, draft, head: intent?.head }).catch(async (error: unknown) => {
    const down = error instanceof MemoryError && error.code === 'tier_unavailable';
    if (!drains && down && intent?.head && (await queueWrite(services, owner, draft)))
      return { kind: 'queued' as const, head: intent.head };
    // What Cosmos holds now is not known here. A pending copy is checked before it is believed, and hot reads need it meanwhile.
    if (drains && down) await services.hot.abort(at, draft.token);
    else await endCopies(services, { owner, session_id }, intent?.token);
    throw error;
  });
  if (written.kind === 'queued') return queuedAnswer(draft, written.head, services.now());
  if (written.kind === 'duplicate') {
    await endCopies(services, { owner, session_id }, intent?.token);
    return answer(written.record, { duplicate: !written.own, head: written.head });
  }
  await moveCopy(services, at, { owner, intent, written });
  void services.hot.touch(at);
  for (const { kind, job_id } of written.start) await startSlow(services, owner, { head: written.head, kind, job_id });
  const asked = written.start.some(({ kind }) => kind === 'summarize');
  return answer(written.plan.record, { duplicate: false, head: written.head, asked });
}

/** Earlier stores of the session wait: this one waits behind them, whether or not Cosmos could take it by now. */
async function queueBehind(
  services: Services,
  owner: Owner,
  { draft, head }: { draft: Draft; head: SessionHead | undefined },
): Promise<StoreAnswer> {
  const known = head ?? (await openSession(services, owner, draft.request.session_id));
  if (await queueWrite(services, owner, draft)) return queuedAnswer(draft, known, services.now());
  throw new MemoryError('tier_unavailable', 'earlier messages of this session wait for Cosmos DB, and Blob Storage does not answer', {
    retryAfterSeconds: 5,
  });
}

/** The ids are final; the seq is given when Cosmos has the store. */
function queuedAnswer(draft: Draft, head: SessionHead, now: number): StoreAnswer {
  const { record } = planAppend(head, draft, now);
  return { ...answer(record, { duplicate: false, head }), seq: null, durability: 'queued' };
}

type Written =
  | { kind: 'stored'; plan: AppendPlan; head: SessionHead; etag: string; memoryEtag: string; start: { kind: Slow; job_id: string }[] }
  | { kind: 'duplicate'; record: AppendRecord; head: SessionHead; own: boolean };

/** Tries the batch from the head that the hot copy showed, then from Cosmos, until it is in, a marker answers, or time is up. */
async function appendUntilDone(
  services: Services,
  { owner, draft, head: hotHead }: { owner: Owner; draft: Draft; head: SessionHead | undefined },
): Promise<Written> {
  const deadline = services.now() + services.config.http.requestDeadlineMs;
  let head = hotHead;
  for (let attempt = 0; services.now() < deadline; attempt++) {
    head ??= await headFor(services, owner, draft);
    if (draft.epoch !== undefined && head.epoch !== draft.epoch) throw sessionNotFound(draft.request.session_id, owner);
    const plan = planAppend(head, draft, services.now());
    const grown = { ...head, ...plan.change, buffer_tokens: head.buffer_tokens + plan.tokens };
    const due = draft.epoch === undefined ? dueWork(grown, services.config.memory) : [];
    const start: { kind: Slow; job_id: string }[] = [];
    for (const kind of due) {
      const job_id = slowJobId(owner, head, { kind, now: services.now() });
      await announce(services, owner, { session_id: head.session_id, kind, job_id });
      start.push({ kind, job_id });
      Object.assign(plan.change, askedFor(kind, { ...head, ...plan.change }));
    }
    if (plan.reopens) await noteIdle(services, owner, head.session_id);
    const outcome = await appendOnce(services, owner, plan);
    if (outcome?.kind === 'committed') return { ...outcome, kind: 'stored', plan, start };
    if (outcome?.kind === 'marked') return await recognise(services, { owner, draft, head, marker: outcome.marker });
    head = undefined;
    if (attempt > 0) await wait(Math.random() * Math.min(20 * attempt, 200)); // other processes are writing: spread out
  }
  throw new MemoryError('session_busy', `session "${draft.request.session_id}" had other writers all the time`, { retryAfterSeconds: 1 });
}

/** A job that fills a session must not bring one back that was deleted meanwhile. */
async function headFor(services: Services, owner: Owner, { request, epoch }: Draft): Promise<SessionHead> {
  if (epoch === undefined) return openSession(services, owner, request.session_id);
  const stored = await services.warm.sessions.readHead(owner, request.session_id);
  if (!stored) throw sessionNotFound(request.session_id, owner);
  return stored.value;
}

/** One batch; an unclear answer is tried again at once, where our own marker then tells what happened. */
async function appendOnce(services: Services, owner: Owner, plan: AppendPlan): Promise<Outcome | undefined> {
  try {
    return await services.warm.sessions.append({ owner, ...plan });
  } catch (error) {
    if (!(error instanceof UnclearError)) throw error;
    const [turn] = plan.markers; // every plan marks its turn
    const marker = turn && (await services.warm.sessions.readMarker(owner, turn));
    return marker ? { kind: 'marked', marker } : undefined;
  }
}

function refuseTooLarge(draft: Draft): void {
  const bytes = largestBatch(draft);
  if (bytes > MAX_BATCH_BYTES) throw new MemoryError('body_too_large', `one store may hold ${MAX_BATCH_BYTES} bytes, saw up to ${bytes}`);
}

/** An id of this request was used before: the same body gets the first answer, another is refused. */
async function recognise(
  services: Services,
  { owner, draft, head, marker }: { owner: Owner; draft: Draft; head: SessionHead; marker: Marker },
): Promise<Written> {
  if (marker.body_hash !== draft.bodyHash) {
    throw new MemoryError('idempotency_mismatch', 'turn_id, message_id or Idempotency-Key was used before with another body');
  }
  const { session_id } = draft.request;
  const record = await services.warm.sessions.readAppend(owner, session_id, { epoch: head.epoch, first_seq: marker.first_seq });
  const current = await services.warm.sessions.readHead(owner, session_id);
  if (!record || !current) throw sessionNotFound(session_id, owner);
  return { kind: 'duplicate', record, head: current.value, own: marker.token === draft.token };
}

interface Move {
  owner: Owner;
  intent: Intent | undefined;
  written: Extract<Written, { kind: 'stored' }>;
}

async function moveCopy(services: Services, at: At, { owner, intent, written }: Move): Promise<void> {
  const { plan, head, etag, memoryEtag } = written;
  const { messages } = plan.record;
  const write = { head, etag, memoryEtag, fromSeq: plan.from.last_seq, messages, whole: isWhole(plan, head) };
  const moved = intent && (await services.hot.commit(at, intent, write));
  if (plan.reopens) await endCopies(services, { owner });
  const ended = moved ?? (await services.hot.invalidate(at, intent?.token));
  if (ended === undefined) await askToEndCopies(services, { owner, session_id: at.session_id });
}

/** The messages of this store are all that a reader needs: nothing was in the buffer before, and no summary stands for more. */
const isWhole = ({ from }: AppendPlan, head: SessionHead): boolean => from.last_seq === bufferStart(head) && head.rolling_id === null;

interface Told {
  duplicate: boolean;
  head: SessionHead;
  /** A summary was asked for. */
  asked?: boolean;
}

function answer(record: AppendRecord, { duplicate, head, asked = false }: Told): StoreAnswer {
  const turn_ids = [...new Set(record.messages.map((m) => m.turn_id))];
  return {
    status: 'success',
    message: 'Turn stored successfully',
    turn_id: turn_ids[0] ?? '',
    turn_ids,
    message_ids: record.messages.map((m) => m.message_id),
    seq: record.last_seq,
    duplicate,
    durability: 'stored',
    message_count: head.last_seq - bufferStart(head),
    total_tokens: head.buffer_tokens,
    summary_triggered: asked,
    watermark: watermarkOf(head),
  };
}

/** Stores what waited for Cosmos, in line with the other writers of its session. */
export async function storeQueued(services: Services, owner: Owner, draft: QueuedWrite): Promise<void> {
  const { session_id } = draft.request;
  await services.inLine(`${owner.tenant}|${session_id}`, () => storeDraft(services, owner, { draft, drains: true }));
}
