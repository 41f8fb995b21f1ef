import type { Services } from '../../services.ts';

const BOX_MS = 10_000;
const AT_ONCE = 200;

/**
 * Holds the hot tier of each tenant to MAX_SESSIONS: the copies of its least recently used sessions end, and with them their place
 * in the index. A copy that ends costs its next reader a rebuild, nothing else. Answers how many.
 */
export async function evict({ hot, config, now }: Services): Promise<number> {
  const until = now() + BOX_MS;
  const bounds = { keep: config.memory.maxSessions, limit: AT_ONCE };
  let evicted = 0;
  for (const tenant of (await hot.tenants()) ?? []) {
    for (let more = true; more && now() < until; ) {
      const sessions = (await hot.beyond(tenant, bounds)) ?? [];
      // The copy first: killed in between, the next sweep finds the session in the index again.
      const ended = await Promise.all(
        sessions.map(async (session_id) => {
          const at = { tenant, session_id };
          return (await hot.invalidate(at)) !== undefined && (await hot.untouch(at)) !== undefined;
        }),
      );
      evicted += ended.filter(Boolean).length;
      more = sessions.length === AT_ONCE && ended.every(Boolean);
    }
  }
  return evicted;
}
