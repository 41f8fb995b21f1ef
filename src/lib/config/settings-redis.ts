import { anything, flag, int, oneOf, type SettingTable, secretUrl, text } from './rules.ts';

/** The hot tier. */
export const redisSettings = {
  REDIS_URL: {
    rule: secretUrl('redis:', 'rediss:'),
    default: '',
    absent: 'REDIS_HOST and its companions; in Azure, without both, the hot tier is off',
    about: 'Where Redis is, as one address with user, password and database in it; rediss:// means TLS.',
    secret: true,
  },
  REDIS_HOST: {
    rule: text(/^[^\s/:@]+$|^[0-9a-f:]+$/i, 'a host name or address'),
    default: 'localhost',
    about: 'Where Redis is, when REDIS_URL is empty.',
  },
  REDIS_PORT: {
    rule: int(1, 65_535),
    default: '',
    absent: '6379; 6380 at Azure Cache for Redis, 10000 at Azure Managed Redis',
    about: 'The port of REDIS_HOST.',
  },
  REDIS_USERNAME: {
    rule: anything,
    default: '',
    absent: 'the default user; with Entra the object id in the token',
    about: 'The Redis user to sign in as.',
  },
  REDIS_PASSWORD: {
    rule: anything,
    default: '',
    about: 'The password or access key of Redis.',
    secret: true,
  },
  REDIS_SSL: {
    rule: flag,
    default: '',
    absent: 'true, but false on a loopback host',
    about: 'Whether the connection is encrypted with TLS.',
  },
  REDIS_DB: {
    rule: int(0, 1000),
    default: '0',
    about: 'The number of the Redis database; a cluster has only 0.',
  },
  REDIS_CLUSTER: {
    rule: flag,
    default: 'false',
    about: 'Whether the other side is a cluster that must be asked slot by slot (OSS cluster policy).',
  },
  REDIS_SCALE_READS: {
    rule: flag,
    default: 'false',
    about: 'Whether items, never sessions, may be read from the replicas of a cluster.',
  },
  REDIS_AUTH: {
    rule: oneOf(['none', 'password', 'entra']),
    default: '',
    absent: 'password when there is one, else entra in Azure and on its hosts, else none',
    about: 'How to sign in to Redis: not at all, with a password, or with a Microsoft Entra token.',
  },
  REDIS_COMMAND_TIMEOUT_MS: {
    rule: int(10, 10_000),
    default: '250',
    about: 'How long one Redis command may take, in milliseconds.',
  },
  REDIS_SOCKET_TIMEOUT_MS: {
    rule: int(100, 30_000),
    default: '5000',
    about: 'How long connecting to Redis may take, in milliseconds (document 1).',
  },
} as const satisfies SettingTable;
