import { MemoryError } from '../../errors.ts';
import type { FieldStats } from '../../model-answers-session.ts';
import type { FieldStatsQuery } from '../../requests-fields.ts';
import type { Services } from '../../services.ts';
import type { FieldsOf } from '../../tiers/hot-fields.ts';
import { allFieldSessions } from '../../tiers/keys.ts';
import { redisDown, settled } from './field-access.ts';

const AT_ONCE = 16;
const CLEANUP_PAGE = 100;
const CLEANUP_MS = 5000;
const CURSOR = /^(\d{1,2})\|(.*)$/s;

interface Position {
  part: number;
  /** Names up to this one were answered. */
  after: string;
}

/**
 * One page of a tenant's sessions with fields, and what they take. Their number may count some whose fields are gone already; pages
 * do not show those. Errors: invalid_query, tier_disabled, tier_unavailable.
 */
export async function fieldStats(services: Services, tenant: string, { limit, cursor }: FieldStatsQuery): Promise<FieldStats> {
  refuseOff(services);
  let at: Position = cursor === undefined ? { part: 0, after: '' } : parseCursor(cursor);
  const counts = (await services.fields.sessions.counts(tenant)) ?? downNow(services);
  const parts = allFieldSessions(tenant);
  const conversations: FieldStats['conversations'] = [];
  while (at.part < parts.length && conversations.length < limit) {
    const part = parts[at.part];
    const names = part && counts[at.part] ? ((await services.fields.sessions.inPart(part)) ?? downNow(services)) : [];
    const next = names.filter((name) => name > at.after).slice(0, Math.min(AT_ONCE, limit - conversations.length));
    conversations.push(...(await figuresOf(services, tenant, next)));
    const last = next.at(-1);
    at = last === undefined ? { part: at.part + 1, after: '' } : { part: at.part, after: last };
  }
  const total_conversations = counts.reduce((sum, count) => sum + count, 0);
  return { total_conversations, conversations, next_cursor: at.part < parts.length ? writeCursor(at) : null };
}

async function figuresOf(services: Services, tenant: string, names: string[]) {
  const figures = names.map(async (session_id) => {
    const of = { tenant, session_id, who: '' };
    const { count, bytes } = (await services.fields.all.figures(of)) ?? downNow(services);
    if (count > 0) return [{ conversation_id: session_id, total_fields: count, total_size_bytes: bytes }];
    await services.fields.sessions.untouch(of);
    return [];
  });
  return (await Promise.all(figures)).flat();
}

/**
 * Deletes the fields of a tenant's sessions that were not written to for `max_age_seconds`, by server time. Stops after 5 s with
 * `more`, and the next call goes on. Errors: tier_disabled, tier_unavailable.
 */
export async function cleanUpFields(services: Services, tenant: string, max_age_seconds: number) {
  refuseOff(services);
  const before = services.now() - max_age_seconds * 1000;
  const until = performance.now() + CLEANUP_MS;
  let cleaned = 0;
  for (const part of allFieldSessions(tenant)) {
    let skip = 0; // those that were written to since it was noted here
    for (let more = true; more; ) {
      if (performance.now() > until) return { cleaned, more: true };
      const idle = (await services.fields.sessions.idle(part, { before, skip, limit: CLEANUP_PAGE })) ?? downNow(services);
      for (const session_id of idle) {
        const { deleted, left } = await clearIdle(services, { tenant, session_id, who: '' }, before);
        if (deleted) cleaned++;
        if (left) skip++;
      }
      more = idle.length === CLEANUP_PAGE;
    }
  }
  return { cleaned };
}

async function clearIdle(services: Services, of: FieldsOf, before: number): Promise<{ deleted: boolean; left: boolean }> {
  const { count } = settled(services, await services.fields.all.clearBefore(of, before), of);
  const figures = (await services.fields.all.figures(of)) ?? downNow(services);
  if (figures.count === 0) await services.fields.sessions.untouch(of);
  return { deleted: count > 0, left: figures.count > 0 };
}

function refuseOff({ fields }: Services): void {
  if (!fields.enabled) throw new MemoryError('tier_disabled', 'fields live in Redis, and Redis is switched off');
}

function downNow(services: Services): never {
  throw redisDown(services);
}

const writeCursor = ({ part, after }: Position): string => Buffer.from(`${part}|${after}`).toString('base64url');

function parseCursor(cursor: string): Position {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, part, after = ''] = CURSOR.exec(text) ?? [];
  if (part === undefined || Buffer.from(text).toString('base64url') !== cursor) {
    throw new MemoryError('invalid_query', 'cursor must be the next_cursor of an earlier answer');
  }
  return { part: Number(part), after };
}
