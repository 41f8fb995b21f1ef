import { opens, parseApiKey } from './api-keys.ts';
import { MemoryError } from './errors.ts';
import type { ApiKey } from './model-work.ts';
import type { Services } from './services.ts';
import { concerns } from './telemetry.ts';
import { type Owner, ownerOf } from './tiers/keys.ts';

const KEY_CACHED_MS = 60_000;
const KEY_OUTAGE_MS = 600_000;
const KEYS_CACHED = 1000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
export const DEFAULT_TENANT = 'default';

/** Who calls: the tenant comes from the credential, never from a body; a bound user is the only one that may be named. */
export interface Caller {
  tenant: string;
  user?: string;
  scopes: readonly string[];
  /** Whose memory a request is about. Errors: scope_mismatch. */
  owner(user_id: string): Owner;
  /** The same where the session may be anonymous. */
  ownerOfSession(user_id: string | undefined, session_id: string): Owner;
}

type Headers = { get(name: string): string | null };

/**
 * Turns a request into its caller before anything else is looked at. Errors: auth_not_configured, unauthorized, foreign_origin.
 * API keys travel as `x-api-key` or `Authorization: Bearer`.
 */
export async function identify(services: Services, headers: Headers): Promise<Caller> {
  const { mode } = services.config.auth;
  if (mode === 'unset') {
    throw new MemoryError('auth_not_configured', 'this deployment has no authentication: set AUTH_MODE=keys and create an API key');
  }
  if (mode === 'open') return openCaller(services, headers);
  const given = headers.get('x-api-key') ?? /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  const key = given ? await findKey(services, given) : undefined;
  if (!key) throw new MemoryError('unauthorized', 'a valid API key is needed, as x-api-key or Authorization: Bearer');
  return callerOf({ tenant: key.tenant, user: key.user_id ?? undefined, scopes: key.scopes });
}

/** Open mode is for one machine: a loopback host, and no page of another site behind the request. */
function openCaller(services: Services, headers: Headers): Caller {
  if (!LOOPBACK.test(headers.get('host') ?? '')) throw new MemoryError('unauthorized', 'open mode answers loopback hosts only');
  const origin = headers.get('origin');
  const own = origin === null || URL.parse(origin)?.host === headers.get('host');
  const listed = origin !== null && services.config.http.corsOrigins.includes(origin);
  const foreign = headers.get('sec-fetch-site') === 'cross-site' || !own;
  if (foreign && !listed)
    throw new MemoryError('foreign_origin', 'open mode refuses pages of other origins unless CORS_ORIGINS lists them');
  return callerOf({ tenant: DEFAULT_TENANT, scopes: ['operator'] });
}

function callerOf({ tenant, user, scopes }: { tenant: string; user?: string; scopes: readonly string[] }): Caller {
  const owner = (user_id: string): Owner => {
    if (user !== undefined && user !== user_id)
      throw new MemoryError('scope_mismatch', `this credential is bound to another user than "${user_id}"`);
    concerns(user_id);
    return { tenant, user_id };
  };
  return {
    tenant,
    user,
    scopes,
    owner,
    ownerOfSession: (user_id, session_id) => {
      const named = user_id ?? user;
      return named === undefined ? ownerOf(tenant, null, session_id) : owner(named);
    },
  };
}

interface Known {
  at: number;
  key: ApiKey | undefined;
}
const cache = new WeakMap<Services, Map<string, Known>>();

/** The stored key that a secret belongs to. Looked up at most once a minute, so revoking one takes up to a minute. */
async function findKey(services: Services, given: string): Promise<ApiKey | undefined> {
  const parsed = parseApiKey(given);
  if (!parsed) return undefined;
  const known = cache.get(services) ?? new Map<string, Known>();
  cache.set(services, known);
  const { key } = await lookUp(services, known, parsed.prefix);
  return key && opens(key, parsed.secret) ? key : undefined;
}

/** While Cosmos DB is down, a key that was good a few minutes ago still is: hot sessions go on being served. */
async function lookUp(services: Services, known: Map<string, Known>, prefix: string): Promise<Known> {
  const now = services.now();
  const entry = known.get(prefix);
  if (entry && now - entry.at <= KEY_CACHED_MS) return entry;
  try {
    const fresh = { at: now, key: await services.warm.ops.readKey(prefix) };
    if (known.size >= KEYS_CACHED) known.clear();
    known.set(prefix, fresh);
    return fresh;
  } catch (error) {
    if (entry && now - entry.at <= KEY_OUTAGE_MS) return entry;
    throw error;
  }
}
