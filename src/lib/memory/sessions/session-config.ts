import { MemoryError } from '../../errors.ts';
import type { SessionConfig } from '../../model.ts';
import { checkPrecondition, etagOf, type Precondition } from '../../precondition.ts';
import type { ConfigRequest } from '../../requests-session.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { announce, askedFor, slowJobId, startSlow } from '../jobs/due.ts';
import { summaryIsDue } from '../reflection/chunk.ts';
import { limitsOf, limitsView, type SessionLimits } from './limits.ts';
import { openSession } from './open.ts';
import { changeHead } from './sessions.ts';
import { readSession } from './view.ts';

/** The limits of a session and their tag. Errors: session_not_found, tier_unavailable. */
export async function readConfig(services: Services, owner: Owner, session_id: string) {
  const { head } = await readSession(services, { owner, session_id });
  return tagged(limitsOf(services.config.memory, head.config));
}

const tagged = (limits: SessionLimits) => ({ config: limitsView(limits), etag: etagOf(JSON.stringify(limitsView(limits))) });

/**
 * Changes limits of a session, which is created when it is new; null goes back to the setting. A buffer that overflows by its new
 * limits is summarised at once. Errors: invalid_body, precondition_failed, session_not_found, session_busy, tier_unavailable.
 */
export async function putConfig(
  services: Services,
  owner: Owner,
  { session_id, change, condition }: { session_id: string; change: ConfigRequest; condition: Precondition },
) {
  const settings = services.config.memory;
  await openSession(services, owner, session_id);
  let job_id: string | undefined;
  const head = await changeHead(services, { owner, session_id }, async ({ value }) => {
    job_id = undefined;
    checkPrecondition(condition, tagged(limitsOf(settings, value.config)).etag);
    const config = merged(value.config ?? {}, change);
    refuseLateTrigger(settings, config);
    if (JSON.stringify(config) === JSON.stringify(merged(value.config ?? {}, {}))) return undefined;
    const changed = { ...value, config };
    if (!summaryIsDue(changed, limitsOf(settings, config))) return { config };
    job_id = slowJobId(owner, changed, { kind: 'summarize', now: services.now() });
    await announce(services, owner, { session_id, kind: 'summarize', job_id });
    return { config, ...askedFor('summarize', changed) };
  });
  if (job_id !== undefined) await startSlow(services, owner, { head, kind: 'summarize', job_id });
  return tagged(limitsOf(settings, head.config));
}

function merged(config: SessionConfig, change: ConfigRequest): SessionConfig {
  const all = Object.entries({ ...config, ...change }).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function refuseLateTrigger(settings: SessionLimits, config: SessionConfig): void {
  const trigger = config.summary_trigger_tokens ?? settings.summaryTriggerTokens;
  const most = config.max_buffer_tokens ?? settings.maxBufferTokens;
  if (trigger <= most) return;
  const message = `must be at most max_buffer_tokens, which is ${most} (seen: ${trigger})`;
  throw new MemoryError('invalid_body', `summary_trigger_tokens: ${message}`, { errors: [{ path: 'summary_trigger_tokens', message }] });
}
