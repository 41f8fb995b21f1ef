import type { SessionHead } from '../../model.ts';
import type { RedisFigures, SessionStats } from '../../model-answers-session.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { limitsOf, limitsView } from './limits.ts';
import { bufferInfo } from './session-buffer.ts';
import { messageCount, turnCount } from './turns-of.ts';
import { readSession } from './view.ts';
import { watermarkOf } from './watermark.ts';

/** The record of a session. Errors: session_not_found, tier_unavailable. */
export async function readRecord(services: Services, owner: Owner, session_id: string) {
  const { head, rolling } = await readSession(services, { owner, session_id });
  return { ...recordOf(head), ...(rolling && { summary: rolling }), config: configView(services, head), watermark: watermarkOf(head) };
}

const recordOf = (head: SessionHead) => ({
  session_id: head.session_id,
  user_id: head.user_id,
  status: head.status,
  started_at: head.started_at,
  last_active_at: head.last_active_at,
  ended_at: head.ended_at,
  message_count: messageCount(head),
  turn_count: turnCount(head),
});

const configView = ({ config }: Services, head: SessionHead) => limitsView(limitsOf(config.memory, head.config));

/** Document 3's statistics of a session. What it says of Redis is what this instance sees. Errors: session_not_found, tier_unavailable. */
export async function readSessionStats(services: Services, owner: Owner, session_id: string): Promise<SessionStats> {
  const { head } = await readSession(services, { owner, session_id });
  const { user_id, status } = head;
  const [buffer, summary, redis] = await Promise.all([
    bufferInfo(services, owner, head),
    services.warm.summaries.figures(owner, head),
    redisFigures(services),
  ]);
  const config = configView(services, head);
  return { session_id, user_id, status, buffer, summary, redis, config, watermark: watermarkOf(head) };
}

/** A figure that Redis did not give is null. */
async function redisFigures({ hot, breakers, instanceId }: Services): Promise<RedisFigures> {
  const info = await hot.info();
  const figure = (name: string) => (info?.has(name) ? Number(info.get(name)) : null);
  const hits = figure('keyspace_hits');
  const asked = (hits ?? 0) + (figure('keyspace_misses') ?? 0);
  return {
    available: info !== undefined,
    breaker: hot.enabled ? breakers.redis.name() : 'disabled',
    used_memory: figure('used_memory'),
    evicted_keys: figure('evicted_keys'),
    expired_keys: figure('expired_keys'),
    hit_ratio: hits === null || asked === 0 ? null : hits / asked,
    scope: 'instance',
    instance_id: instanceId,
  };
}
