import { createHash } from 'node:crypto';
import { messageTokens } from '../../llm/tokens.ts';
import type { AppendRecord, Marker, Message, SessionHead } from '../../model.ts';
import type { QueuedWrite } from '../../model-work.ts';
import type { StoreRequest } from '../../requests.ts';
import { appendId, markerId } from '../../tiers/keys.ts';

const IDEMPOTENCY_KEY_SECONDS = 86_400;
const ADDED_BYTES = 1000; // ids of up to 128 characters, times, counters

/** A store request with every id it needs, minted before the first write so that a retry finds its own marker. */
export type Draft = QueuedWrite;

/** Names every turn and message; the body's hash covers what the caller sent, not what was minted. */
export function draftAppend(request: StoreRequest, { mint, idempotencyKey }: { mint: () => string; idempotencyKey?: string }): Draft {
  const { user_id: _user, session_id: _session, ...body } = request;
  return {
    request,
    token: mint(),
    turnId: request.turn_id ?? mint(),
    messageIds: request.messages.map((m) => ('message_id' in m && m.message_id) || mint()),
    bodyHash: createHash('sha256').update(canonical(body)).digest('base64url'),
    idempotencyKey,
  };
}

/** The most bytes that the batch of a draft can have: what was sent, and what each message and marker adds to it. */
export function largestBatch(draft: Draft): number {
  const sent = Buffer.byteLength(JSON.stringify(draft.request));
  return sent + ADDED_BYTES * (1 + draft.messageIds.length + markersOf(draft).length);
}

/** JSON with sorted keys: equal bodies have equal texts. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}

const REOPENED = { status: 'open', ended_at: null, end_job_id: null } as const;

export interface AppendPlan {
  from: { epoch: number; last_seq: number };
  change: Partial<SessionHead>;
  record: AppendRecord;
  markers: Marker[];
  reopens: boolean;
  /** Estimated tokens that join the buffer: added, not set, because a summary may take others out meanwhile. */
  tokens: number;
}

/**
 * What a draft becomes when it follows `head`: a user message opens a turn, what follows joins it, and so does what comes first
 * in a later store. The request's own turn id names the first turn that it opens.
 */
export function planAppend(head: SessionHead, draft: Draft, now: number): AppendPlan {
  const { request } = draft;
  const at = new Date(now).toISOString();
  let turn = { no: head.turn_no, id: head.turn_id };
  let opened = 0;
  const messages = request.messages.map((m, i): Message => {
    const opens = m.role === 'user' || turn.id === null || (i === 0 && request.turn_id !== undefined);
    if (opens) {
      turn = { no: turn.no + 1, id: opened === 0 ? draft.turnId : `${draft.turnId.slice(0, 120)}.${opened}` };
      opened++;
    }
    return toMessage(m, {
      seq: head.last_seq + 1 + i,
      message_id: draft.messageIds[i] ?? '',
      turn_no: turn.no,
      turn_id: turn.id ?? '',
      at,
    });
  });
  const last_seq = head.last_seq + messages.length;
  const shared = { pk: head.pk, schema_version: 1 as const };
  const first_seq = head.last_seq + 1;
  return {
    from: { epoch: head.epoch, last_seq: head.last_seq },
    reopens: head.status === 'ended',
    tokens: messages.reduce((sum, m) => sum + m.tokens, 0),
    change: { last_seq, turn_no: turn.no, turn_id: turn.id, last_active_at: at, ...(head.status === 'ended' && REOPENED) },
    record: {
      ...shared,
      id: appendId(head.session_id, head.epoch, first_seq),
      kind: 'append',
      session_id: head.session_id,
      epoch: head.epoch,
      first_seq,
      last_seq,
      stored_at: at,
      ...(request.context_id && { context_id: request.context_id }),
      ...(request.metadata && { metadata: request.metadata }),
      messages,
    },
    markers: markersOf(draft).map(({ name, ttl }) => ({
      ...shared,
      id: markerId(head.session_id, head.epoch, name),
      kind: 'marker',
      body_hash: draft.bodyHash,
      token: draft.token,
      first_seq,
      ...(ttl && { ttl }),
    })),
  };
}

/** The request's turn, its callers' message ids, its Idempotency-Key: each may be sent again and must be recognised. */
function markersOf(draft: Draft): { name: string; ttl?: number }[] {
  const own = draft.request.messages.flatMap((m) => (m.message_id ? [{ name: `message|${m.message_id}` }] : []));
  const key = draft.idempotencyKey ? [{ name: `key|${draft.idempotencyKey}`, ttl: IDEMPOTENCY_KEY_SECONDS }] : [];
  return [{ name: `turn|${draft.turnId}` }, ...own, ...key];
}

type Placed = Pick<Message, 'seq' | 'message_id' | 'turn_no' | 'turn_id'> & { at: string };

function toMessage(m: Draft['request']['messages'][number], { at, ...place }: Placed): Message {
  const { name, metadata } = m;
  const given = m.created_at ?? m.timestamp;
  return {
    ...place,
    role: m.role,
    content: m.content,
    ...(name && { name }),
    created_at: given ?? at,
    tokens: messageTokens(m),
    ...(metadata && { metadata }),
  };
}
