import type { TokenCredential } from '@azure/identity';

const SCOPE = 'https://redis.azure.com/.default';
const BEFORE_EXPIRY_MS = 180_000;
const JITTER_MS = 30_000;
const SHORTEST_WAIT_MS = 1000;
const AFTER_FAILURE_MS = 10_000;

export interface RedisLogin {
  username: string;
  password: string;
}

export interface RedisTokens {
  /** The newest login; undefined before `start` has succeeded. */
  current: () => RedisLogin | undefined;
  /** Gets the first token and keeps it fresh from then on. */
  start: () => Promise<void>;
  stop: () => void;
}

interface RedisTokenOptions {
  credential: TokenCredential;
  /** The Redis user; without it the object id in the token. */
  username?: string;
  /** Called with each later login: open connections must sign in again before the old token ends. */
  onRefresh: (login: RedisLogin) => void;
  onFailure: (error: unknown) => void;
}

/** The object id of the identity that a Microsoft Entra access token was given to. */
function objectIdIn(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { oid } = JSON.parse(payload) as { oid?: unknown };
  if (typeof oid !== 'string') throw new Error('the token names no object id (oid); set REDIS_USERNAME');
  return oid;
}

/** Three minutes before the end, and not all instances at once. */
const waitFor = (expiresAt: number) => Math.max(expiresAt - Date.now() - BEFORE_EXPIRY_MS - Math.random() * JITTER_MS, SHORTEST_WAIT_MS);

/** Logins for Redis under Microsoft Entra, renewed before they end. */
export function createRedisTokens({ credential, username, onRefresh, onFailure }: RedisTokenOptions): RedisTokens {
  let login: RedisLogin | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const schedule = (ms: number) => {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(refresh, ms);
    timer.unref();
  };

  async function fetchToken(): Promise<RedisLogin> {
    const answer = await credential.getToken(SCOPE);
    if (!answer) throw new Error('the credential gave no token for Redis');
    login = { username: username ?? objectIdIn(answer.token), password: answer.token };
    schedule(waitFor(answer.expiresOnTimestamp));
    return login;
  }

  const refresh = () => {
    fetchToken().then(onRefresh, (error: unknown) => {
      onFailure(error);
      schedule(AFTER_FAILURE_MS);
    });
  };

  return {
    current: () => login,
    start: async () => {
      if (!login) await fetchToken();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
