import { script } from '../connect/redis-script.ts';
import type { At } from './hot.ts';
import { TOUCH } from './hot-field-all-scripts.ts';
import { allFieldSessions, type FieldSessions, fieldSessions } from './keys.ts';
import type { RedisGate } from './redis-gate.ts';

const touch = script('fields-touch', TOUCH, 2);

/**
 * Which sessions of a tenant have fields. Kept beside the fields, not with them in one step: a session may stand here for a while
 * without having any, so who reads here looks at the session too.
 */
export function createFieldSessions(redis: RedisGate, { now }: { now: () => number }) {
  const note = ({ tenant, session_id }: At, { ttlMs, written }: { ttlMs: number; written: number | '' }) =>
    redis.call('fields-touch', (client) => {
      const { byExpiry, byWrite } = fieldSessions(tenant, session_id);
      return touch.run(client, [byExpiry, byWrite], [session_id, ttlMs, written]);
    });

  return {
    /** Notes that a session is written to, with a life (ms) for what is written. */
    touch: (at: At, ttlMs: number) => note(at, { ttlMs, written: now() }),
    /** Notes that what a session has lives on. */
    outlive: (at: At, ttlMs: number) => note(at, { ttlMs, written: '' }),

    /** Takes sessions out that have no fields any more. */
    untouch: ({ tenant, session_id }: At) =>
      redis.call('fields-untouch', async (client) => {
        const { byExpiry, byWrite } = fieldSessions(tenant, session_id);
        await Promise.all([client.zrem(byExpiry, session_id), client.zrem(byWrite, session_id)]);
      }),

    /** How many sessions each of the 64 parts of a tenant holds. */
    counts: (tenant: string) =>
      redis.call('fields-sessions', (client) =>
        Promise.all(allFieldSessions(tenant).map(({ byExpiry }) => client.zcount(byExpiry, Date.now(), '+inf'))),
      ),

    /** The sessions of one part whose fields have not expired, by name. */
    inPart: ({ byExpiry }: FieldSessions) =>
      redis.call('fields-sessions', async (client) => (await client.zrangebyscore(byExpiry, Date.now(), '+inf')).sort()),

    /** Sessions of one part that were not written to after `before` (ms), least recent first. */
    idle: ({ byWrite }: FieldSessions, { before, skip, limit }: { before: number; skip: number; limit: number }) =>
      redis.call('fields-sessions', (client) => client.zrangebyscore(byWrite, '-inf', before, 'LIMIT', skip, limit)),
  };
}
