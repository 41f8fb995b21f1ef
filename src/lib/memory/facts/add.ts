import { createHash } from 'node:crypto';
import { MemoryError } from '../../errors.ts';
import type { Marker, Message, UserRecord } from '../../model.ts';
import type { AddedFact } from '../../model-answers-memory.ts';
import type { Fact, Source } from '../../model-memory.ts';
import type { AddFactRequest } from '../../requests-facts.ts';
import type { Services } from '../../services.ts';
import { digest, factId, factKeyId, memoryPartition, type Owner } from '../../tiers/keys.ts';
import { consolidate } from '../reflection/consolidate.ts';
import { factView } from '../reflection/fact-view.ts';
import { whileChanging } from '../sessions/changing.ts';
import { sessionNotFound } from '../sessions/view.ts';
import { requireFact } from './facts.ts';
import { busy, createMemoryOf, readForgotten } from './forgotten.ts';
import { quarantineOf } from './quarantine.ts';

const MAX_LOST_RACES = 20;
const IDEMPOTENCY_KEY_SECONDS = 86_400;

interface Adding {
  request: AddFactRequest;
  idempotencyKey?: string;
}

/**
 * Adds a fact by hand. What is known already takes it as support, what it contradicts is closed, as in a reflection; what reads like a
 * secret is quarantined, and `status` says so. Saying what was forgotten is saying it anew. Errors: session_not_found and invalid_body
 * for sources that are not there, idempotency_mismatch, session_busy, tier_unavailable.
 */
export async function addFact(services: Services, owner: Owner, { request, idempotencyKey }: Adding): Promise<AddedFact> {
  const { sessions, facts } = services.warm;
  const token = services.mint();
  const body_hash = createHash('sha256').update(JSON.stringify(request)).digest('base64url');
  await sessions.ensureUser(owner);
  const sources = await Promise.all(request.sources.map((source, i) => found(services, owner, { source, at: `sources.${i}` })));
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const before = idempotencyKey === undefined ? undefined : await facts.readKey(owner, idempotencyKey);
    if (before) return recognise(services, owner, { marker: before, body_hash });
    const user = (await sessions.readUser(owner))?.value;
    if (!user) throw busy();
    const coming = newFact(services, owner, { request, sources, token });
    const { written, fact, forgotten } = await bringIn(services, owner, { coming, user });
    const marker = idempotencyKey === undefined ? undefined : markerOf(owner, { key: idempotencyKey, body_hash, token, ref: fact.fact_id });
    const change = { owner, user, facts: written, deleted: forgotten, marker };
    if (await whileChanging(services, { owner }, () => facts.change(change))) return { ...factView(fact), duplicate: false };
  }
  throw busy();
}

/** What a fact changes: itself or the one that says it already, what it closes, and notes that it was forgotten. */
export async function bringIn(services: Services, owner: Owner, { coming, user }: { coming: Fact; user: UserRecord }) {
  const { memory, facts } = services.warm;
  const [current, quarantined, forgotten] = await Promise.all([
    memory.listFacts(owner),
    facts.listQuarantined(owner),
    readForgotten(services, owner, user),
  ]);
  const there = [...current, ...quarantined].filter((fact) => fact.id !== coming.id);
  const written = consolidate(there, [coming], services.now());
  // A fact without sources that is known already changes nothing there: find the one that says it.
  const fact = written.find((one) => one.id === coming.id) ?? saysIt(written, there, coming);
  const pinned = coming.pinned && !fact.pinned ? { ...fact, pinned: true } : fact;
  const others = written.filter((one) => one.id !== fact.id);
  const said = createMemoryOf(forgotten).saidIn(coming.text, 'statement');
  const again = said.filter((one) => one.removed_at !== null).map((one) => one.id);
  return { written: [...others, pinned], fact: pinned, forgotten: coming.status === 'current' ? again : [] };
}

/** Which fact took a coming one as support: consolidated with it alone, it is the one that stays the only one. */
function saysIt(written: Fact[], there: Fact[], coming: Fact): Fact {
  const known = there.find((fact) => !consolidate([fact], [coming], 0).some((one) => one.id === coming.id));
  return written.find((one) => one.id === known?.id) ?? known ?? coming;
}

function newFact(
  services: Services,
  owner: Owner,
  { request, sources, token }: { request: AddFactRequest; sources: { source: Source; first: Message | undefined }[]; token: string },
): Fact {
  const at = new Date(services.now()).toISOString();
  const { text, kind, topics, pinned } = request;
  const fact_id = digest(token);
  const quarantine = quarantineOf(text, []);
  const said = sources.flatMap(({ first }) => first?.created_at ?? []).toSorted();
  return {
    id: factId(fact_id),
    pk: memoryPartition(owner),
    kind: 'fact',
    schema_version: 1,
    fact_id,
    fact_kind: kind,
    text,
    topics,
    confidence: 1,
    support: 1,
    status: quarantine ? 'quarantined' : 'current',
    valid_from: said[0] ?? at,
    valid_to: null,
    superseded_by: null,
    sources: sources.map(({ source }) => source),
    origin: 'user',
    model: 'caller',
    created_at: at,
    updated_at: at,
    ...(pinned && { pinned }),
    ...(quarantine && { quarantine }),
  };
}

/** A source with the messages that it names, by id or seq. */
async function found(
  services: Services,
  owner: Owner,
  { source, at }: { source: AddFactRequest['sources'][number]; at: string },
): Promise<{ source: Source; first: Message | undefined }> {
  const { sessions, facts } = services.warm;
  const { session_id, message_ids, seqs } = source;
  if (!(await sessions.readHead(owner, session_id))) throw sessionNotFound(session_id, owner);
  const [bySeq, byId] = await Promise.all([
    facts.readMessages(owner, session_id, seqs),
    facts.findMessages(owner, session_id, message_ids),
  ]);
  const messages = [...new Map([...bySeq, ...byId].map((message) => [message.seq, message])).values()].toSorted((a, b) => a.seq - b.seq);
  const unknown = [
    ...seqs.filter((seq) => !messages.some((m) => m.seq === seq)),
    ...message_ids.filter((id) => !messages.some((m) => m.message_id === id)),
  ];
  if (unknown.length > 0) {
    const message = `session "${session_id}" has no message ${String(unknown[0])}`;
    throw new MemoryError('invalid_body', `${at}: ${message}`, { errors: [{ path: at, message }] });
  }
  const named = { session_id, message_ids: messages.map((m) => m.message_id), seqs: messages.map((m) => m.seq) };
  return { source: named, first: messages[0] };
}

function markerOf(owner: Owner, { key, body_hash, token, ref }: { key: string; body_hash: string; token: string; ref: string }): Marker {
  const at = { id: factKeyId(key), pk: memoryPartition(owner) };
  return { ...at, kind: 'marker', schema_version: 1, body_hash, token, first_seq: 0, ref, ttl: IDEMPOTENCY_KEY_SECONDS };
}

async function recognise(services: Services, owner: Owner, { marker, body_hash }: { marker: Marker; body_hash: string }) {
  if (marker.body_hash !== body_hash)
    throw new MemoryError('idempotency_mismatch', 'this Idempotency-Key was used before with another body');
  const { value } = await requireFact(services, owner, marker.ref ?? '');
  return { ...factView(value), duplicate: true };
}
