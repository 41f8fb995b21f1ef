import { createHash } from 'node:crypto';
import { MemoryError } from '../../errors.ts';
import type { Marker } from '../../model.ts';
import type { Transcript } from '../../model-transcripts.ts';
import type { StoreRawRequest } from '../../requests-transcripts.ts';
import type { Services } from '../../services.ts';
import * as keys from '../../tiers/keys.ts';
import { queueJob } from '../jobs/jobs.ts';
import { sessionNotFound } from '../sessions/view.ts';
import { estimateText, queueAhead } from './processing.ts';

const ANNOUNCED_SECONDS = 300; // as of all announced work: when the sweep looks for it
const KEY_SECONDS = 86_400;

export interface RawAsk {
  owner: keys.Owner & { user_id: string };
  namespace: string;
  request: StoreRawRequest;
  idempotencyKey?: string;
}

/**
 * Takes a whole conversation and answers at once: what it means is worked out in the background. The same text for the same session is
 * one transcript, however often it is sent. Errors: tier_disabled, tier_unavailable, session_not_found, idempotency_mismatch.
 */
export async function storeRaw(services: Services, ask: RawAsk) {
  const { cold, now } = services;
  if (!cold) throw new MemoryError('tier_disabled', 'transcripts need Blob Storage, which is switched off here (BLOB_ACCOUNT_URL)');
  const record = newRecord(services, ask);
  const [known, ahead] = await Promise.all([findKnown(services, ask, record), queueAhead(services, ask.owner.tenant)]);
  if (known) return answer(known, { duplicate: true, ahead, now: now() });
  await expectOwn(services, ask.owner, record.session_id);
  await announce(services, ask.owner, record);
  await Promise.all([cold.write(record.blob, ask.request.session_data), putMember(services, ask, record)]);
  const { transcripts } = services.warm;
  if (!(await transcripts.create(record, markerOf(services, ask, record)))) {
    const other = await findKnown(services, ask, record);
    if (other) return answer(other, { duplicate: true, ahead, now: now() });
    // The key is known and what it stood for was deleted since: this is a new transcript.
    if (!(await transcripts.create(record, undefined)))
      throw new MemoryError('session_busy', 'the same transcript is being handed in elsewhere', { retryAfterSeconds: 1 });
  }
  await queueTranscript(services, ask.owner, record).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error); // the sweep finds what was announced
    services.log('warn', 'job_not_queued', { kind: 'transcripts', job_id: record.job_id, reason });
  });
  return answer(record, { duplicate: false, ahead, now: now() });
}

/** Records the job that processes a transcript and rings. */
export function queueTranscript(services: Services, owner: keys.Owner, { job_id, session_id, raw_memory_id }: Transcript): Promise<void> {
  return queueJob(services, { job_id, kind: 'transcripts', owner, session_id, epoch: 0, ref: raw_memory_id });
}

function newRecord({ now, mint }: Services, { owner, namespace, request, idempotencyKey }: RawAsk): Transcript {
  const { session_data, metadata } = request;
  const pk = keys.memoryPartition(owner);
  // Without a session a new one is meant, but the same one when the request is repeated.
  const minted = idempotencyKey === undefined ? mint() : keys.digest(`${pk}|${namespace}|${idempotencyKey}`);
  const session_id = request.session_id ?? minted;
  const raw_memory_id = keys.digest([pk, session_id, session_data].join('|'));
  const at = new Date(now()).toISOString();
  return {
    id: keys.transcriptId(raw_memory_id),
    pk,
    kind: 'transcript',
    schema_version: 1,
    raw_memory_id,
    namespace,
    session_id,
    user_id: owner.user_id,
    metadata,
    bytes: Buffer.byteLength(session_data),
    length: session_data.length,
    blob: keys.transcriptBlob(owner, raw_memory_id, at.slice(0, 10)),
    job_id: keys.transcriptJobId(now(), raw_memory_id),
    created_at: metadata.timestamp ?? at,
    queued_at: at,
    status: 'queued',
    processing_attempts: 0,
    processed_at: null,
    error: null,
    lines: null,
    messages: null,
    expired_at: null,
  };
}

/** The transcript that this request handed in before, by its Idempotency-Key or by its text. */
async function findKnown(services: Services, ask: RawAsk, record: Transcript): Promise<Transcript | undefined> {
  const { transcripts } = services.warm;
  const { owner, idempotencyKey } = ask;
  const marker = markerOf(services, ask, record);
  const used = idempotencyKey === undefined ? undefined : await transcripts.readKey(owner, idempotencyKey);
  if (used && used.body_hash !== marker?.body_hash)
    throw new MemoryError('idempotency_mismatch', 'this Idempotency-Key was used before with another body');
  const known = (await transcripts.read(owner, used?.ref ?? record.raw_memory_id))?.value;
  if (!known) return undefined;
  if (marker && !used) await transcripts.createKey({ ...marker, ref: known.raw_memory_id });
  await putMember(services, ask, known);
  return known;
}

function markerOf({ mint }: Services, { namespace, request, idempotencyKey }: RawAsk, record: Transcript): Marker | undefined {
  if (idempotencyKey === undefined) return undefined;
  const body = JSON.stringify([namespace, request.session_id, request.metadata, request.session_data]);
  return {
    id: keys.transcriptKeyId(idempotencyKey),
    pk: record.pk,
    kind: 'marker',
    schema_version: 1,
    body_hash: createHash('sha256').update(body).digest('base64url'),
    token: mint(),
    first_seq: 0,
    ref: record.raw_memory_id,
    ttl: KEY_SECONDS,
  };
}

/** A session belongs to the user who first used it; to others it is not there. */
async function expectOwn({ warm }: Services, owner: keys.Owner, session_id: string): Promise<void> {
  const entry = await warm.sessions.readDirectory(owner.tenant, session_id);
  if (entry && entry.value.user_id !== owner.user_id) throw sessionNotFound(session_id, owner);
}

/** Tells the sweep before anything else is written: what is acknowledged later is found, whatever dies in between. */
function announce({ warm, now }: Services, owner: keys.Owner, record: Transcript): Promise<void> {
  const id = keys.dueId('transcripts', owner.tenant, record.job_id);
  const check_at = new Date(now() + ANNOUNCED_SECONDS * 1000).toISOString();
  const at = { id, pk: keys.directoryPartition(id), kind: 'due', schema_version: 1, due: 'transcripts' } as const;
  const { session_id, user_id, job_id, raw_memory_id } = record;
  return warm.sessions.noteDue({ ...at, tenant: owner.tenant, session_id, user_id, check_at, job_id, ref: raw_memory_id });
}

function putMember({ warm }: Services, { owner, namespace }: RawAsk, record: Transcript): Promise<void> {
  const { session_id, raw_memory_id, created_at } = record;
  const named = { tenant: owner.tenant, namespace, user_id: owner.user_id, session_id, raw_memory_id, created_at };
  const at = { id: keys.memberId(owner.tenant, namespace, named), pk: keys.memberPartition(owner.tenant, namespace) };
  return warm.transcripts.putMember({ ...at, kind: 'member', schema_version: 1, ...named });
}

function answer(
  record: Transcript,
  { duplicate, ahead, now }: { duplicate: boolean; ahead: Awaited<ReturnType<typeof queueAhead>>; now: number },
) {
  const { raw_memory_id, session_id, job_id, status, queued_at } = record;
  const waits = status === 'queued';
  const queue_position = waits ? ahead.size + Number(!duplicate) : 0;
  const estimated_processing_time = estimateText(waits ? ahead.msFor(queue_position, now - Date.parse(queued_at)) : 0);
  return {
    success: true as const,
    raw_memory_id,
    queued_at,
    estimated_processing_time,
    queue_position,
    session_id,
    job_id,
    status,
    duplicate,
  };
}
