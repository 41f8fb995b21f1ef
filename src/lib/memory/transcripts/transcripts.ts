import { MemoryError } from '../../errors.ts';
import { ModelError } from '../../llm/port.ts';
import type { Transcript } from '../../model-transcripts.ts';
import type { Doorbell } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { type Owner, ownerOf } from '../../tiers/keys.ts';
import { type JobHandle, sessionOf, type WorkDone } from '../jobs/job-handle.ts';
import { MAX_ATTEMPTS } from '../jobs/job-model.ts';
import { reflect } from '../reflection/reflect.ts';
import { changeHead } from '../sessions/sessions.ts';
import { fillSession } from './transcript-fill.ts';
import { foldBuffer } from './transcript-fold.ts';
import { type Parsed, parseTranscript } from './transcript-parse.ts';

/** What a run of the job has done so far; what the figures of processing are taken from. */
interface Done extends Record<string, unknown> {
  /** Messages in the session. */
  stored: number;
  /** Milliseconds of work over all deliveries. */
  ms: number;
}

/**
 * The `transcripts` job: a raw conversation becomes a session with its messages, that ends, its summary, its topics and its facts. In
 * bounded steps whose repetition changes nothing, so that it may be stopped or killed anywhere and goes on. A session with turns of its
 * own keeps them: there the transcript is evidence only. What cannot be read at all is refused for good, with the reason in the record.
 */
export async function processTranscript(services: Services, handle: JobHandle): Promise<WorkDone> {
  const { tenant, user_id, ref = '', result } = handle.job;
  const session_id = sessionOf(handle.job);
  const owner = ownerOf(tenant, user_id, session_id);
  const begun = services.now();
  const earlier = { stored: 0, ms: 0, ...result } as Done;
  const done = (more: object = {}) => ({ ...earlier, ...more, ms: earlier.ms + services.now() - begun });
  const record = await attempted(services, owner, ref);
  if (!record || record.processed_at !== null) return { result: done() };
  try {
    const parsed = await parse(services, record);
    if ('refused' in parsed) {
      await settle(services, owner, { ref, change: { status: 'error', error: parsed.refused } });
      return { result: done({ refused: true, error: parsed.refused }) };
    }
    const filled = await fillSession(services, owner, { handle, record, messages: parsed.messages });
    if (filled.more) return { result: done({ stored: filled.stored }), more: true };
    if (filled.stored > 0) {
      await endFilled(services, owner, { id: handle.job.id, session_id });
      const reflected = await reflect(services, handle, { origin: 'transcript' });
      if (reflected.more) return { result: done({ ...reflected.result, stored: filled.stored }), more: true };
      await foldBuffer(services, owner, session_id);
    }
    const change = { status: 'processed', error: null, lines: parsed.lines, messages: filled.stored } as const;
    await settle(services, owner, { ref, change });
    return { result: done({ ...handle.job.result, stored: filled.stored }) };
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'session_not_found') {
      const reason = 'its session belongs to somebody else, or was deleted or started over meanwhile';
      await settle(services, owner, { ref, change: { status: 'error', error: reason } });
      return { result: done({ refused: true, error: reason }) };
    }
    if (error instanceof ModelError && handle.job.attempts >= MAX_ATTEMPTS)
      await noteFailure(services, owner, { ref, reason: error.message });
    throw error;
  }
}

/** The host gave the doorbell up: the record says so, until somebody runs the job again. */
export async function failTranscript(services: Services, bell: Doorbell): Promise<void> {
  const job = (await services.warm.ops.readJob(bell.tenant, bell.job_id))?.value;
  if (!job?.ref || job.status === 'done') return;
  const reason = job.error ?? 'the worker stopped again and again while it processed this transcript';
  await noteFailure(services, ownerOf(job.tenant, job.user_id, sessionOf(job)), { ref: job.ref, reason });
}

async function parse({ cold }: Services, { blob, created_at, user_id }: Transcript): Promise<Parsed> {
  if (!cold) throw new MemoryError('tier_disabled', 'transcripts need Blob Storage, which is switched off here');
  const text = await cold.read(blob);
  if (text === undefined) return { refused: 'its text is not in Blob Storage any more' };
  return parseTranscript(text, { at: created_at, user: user_id ?? undefined });
}

/** The record with one attempt more; undefined when it was deleted, unchanged when it is over. */
function attempted(services: Services, owner: Owner, ref: string): Promise<Transcript | undefined> {
  return changeRecord(services, owner, {
    ref,
    change: ({ processing_attempts: tried }) => ({ status: 'queued', processing_attempts: tried + 1 }),
  });
}

type Outcome = Pick<Transcript, 'status' | 'error'> & Partial<Pick<Transcript, 'lines' | 'messages'>>;

async function settle(services: Services, owner: Owner, { ref, change }: { ref: string; change: Outcome }): Promise<void> {
  const processed_at = new Date(services.now()).toISOString();
  await changeRecord(services, owner, { ref, change: () => ({ ...change, processed_at }) });
}

/** It did not work out, but running the job again may help. */
async function noteFailure(services: Services, owner: Owner, { ref, reason }: { ref: string; reason: string }): Promise<void> {
  await changeRecord(services, owner, { ref, change: () => ({ status: 'error', error: reason.slice(0, 500) }) });
}

/** Changes the record unless its processing is over; done over when somebody else was faster. */
async function changeRecord(
  { warm }: Services,
  owner: Owner,
  { ref, change }: { ref: string; change: (record: Transcript) => Partial<Transcript> },
): Promise<Transcript | undefined> {
  for (;;) {
    const stored = await warm.transcripts.read(owner, ref);
    if (!stored || stored.value.processed_at !== null) return stored?.value;
    const next = { ...stored.value, ...change(stored.value) };
    if (await warm.transcripts.replace(next, stored.etag)) return next;
  }
}

/** The session is over, and this job is the one that reflects on it: no other is queued. */
async function endFilled(services: Services, owner: Owner, { id, session_id }: { id: string; session_id: string }): Promise<void> {
  await changeHead(services, { owner, session_id }, async ({ value }) => {
    if (value.end_job_id !== null) return undefined;
    return { status: 'ended', ended_at: new Date(services.now()).toISOString(), end_job_id: id, reflect_turn: value.turn_no };
  });
}
