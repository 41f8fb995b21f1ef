import { isLoopback } from './loopback.ts';
import type { Reading } from './read.ts';
import { withSecrets } from './secrets.ts';

export interface RedisConfig {
  /** The address without user and password, for display. */
  url: string;
  host: string;
  port: number;
  username?: string;
  /** Not enumerable. */
  password?: string;
  db: number;
  tls: boolean;
  cluster: boolean;
  /** Items may be read from replicas. */
  scaleReads: boolean;
  auth: 'none' | 'password' | 'entra';
  commandTimeoutMs: number;
  /** Bounds connecting, not commands. */
  socketTimeoutMs: number;
}

const isAzureCache = (host: string) => host.endsWith('.redis.cache.windows.net');
const isManagedRedis = (host: string) => host.endsWith('.redis.azure.net');

const usualPort = (host: string) => {
  if (isAzureCache(host)) return 6380;
  return isManagedRedis(host) ? 10_000 : 6379;
};

/** A password pasted without percent-encoding is taken as it stands. */
function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value) || undefined;
  } catch {
    return value;
  }
}

/** What an address says; only what is in it is there. */
function partsOf(address: string) {
  const { protocol, hostname, port, username, password, pathname } = new URL(address);
  const db = pathname.slice(1);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    username: decoded(username),
    password: decoded(password),
    tls: protocol === 'rediss:',
    db: db === '' ? undefined : Number(db),
  };
}

/** Names whose value the address overrides, with what the address says instead. */
function overridden({ values, given, warnings }: Reading, { host, port, username, password, tls, db }: ReturnType<typeof partsOf>) {
  const pairs = [
    ['REDIS_HOST', host],
    ['REDIS_PORT', port],
    ['REDIS_USERNAME', username],
    ['REDIS_PASSWORD', password],
    ['REDIS_SSL', tls],
    ['REDIS_DB', db],
  ] as const;
  for (const [name, value] of pairs) {
    if (given(name) && value !== undefined && values[name] !== value) warnings.push(`${name} is ignored: REDIS_URL says something else`);
  }
}

function authOf({ values, refuse }: Reading, { password, host, azure }: { password?: string; host: string; azure: boolean }) {
  const onAzureHost = azure || isAzureCache(host) || isManagedRedis(host);
  const usual = onAzureHost && !isLoopback(host) ? 'entra' : 'none';
  const auth = values.REDIS_AUTH ?? (password ? 'password' : usual);
  if (auth === 'password' && !password) refuse('REDIS_PASSWORD', 'is needed when REDIS_AUTH is password');
  return auth;
}

/** Each part from the address where it has it, else from its own setting, else the usual one. */
function targetOf(reading: Reading) {
  const { values, refuse } = reading;
  const parts = values.REDIS_URL ? partsOf(values.REDIS_URL) : undefined;
  if (parts) overridden(reading, parts);
  if (parts?.db !== undefined && !Number.isSafeInteger(parts.db))
    refuse('REDIS_URL', 'must have a database number, or nothing, as its path');

  const host = parts?.host ?? values.REDIS_HOST;
  const db = parts?.db ?? values.REDIS_DB;
  const cluster = values.REDIS_CLUSTER;
  if (cluster && db !== 0) refuse(parts?.db ? 'REDIS_URL' : 'REDIS_DB', 'must name database 0 when REDIS_CLUSTER is true');
  return {
    host,
    port: parts?.port ?? values.REDIS_PORT ?? usualPort(host),
    username: parts?.username ?? values.REDIS_USERNAME,
    password: parts?.password ?? values.REDIS_PASSWORD,
    db,
    tls: parts?.tls ?? values.REDIS_SSL ?? !isLoopback(host),
    cluster,
  };
}

/** The hot tier, or undefined when nothing points at one in Azure. */
export function redisOf(reading: Reading, { azure }: { azure: boolean }): RedisConfig | undefined {
  const { values, given, refuse } = reading;
  if (azure && !values.REDIS_URL && !given('REDIS_HOST')) return undefined;

  const { password, ...target } = targetOf(reading);
  const { host, port, db, tls, cluster } = target;
  const auth = authOf(reading, { password, host, azure });
  if (values.REDIS_SCALE_READS && !cluster) refuse('REDIS_SCALE_READS', 'must be false unless REDIS_CLUSTER is true');
  if (auth === 'entra' && !tls && !isLoopback(host)) refuse('REDIS_SSL', 'must be true when REDIS_AUTH is entra');

  const shownHost = host.includes(':') ? `[${host}]` : host;
  const config = {
    url: `${tls ? 'rediss' : 'redis'}://${shownHost}:${port}/${db}`,
    ...target,
    auth,
    scaleReads: cluster && values.REDIS_SCALE_READS,
    commandTimeoutMs: values.REDIS_COMMAND_TIMEOUT_MS,
    socketTimeoutMs: values.REDIS_SOCKET_TIMEOUT_MS,
  };
  return withSecrets(config, { password: auth === 'password' ? password : undefined });
}
