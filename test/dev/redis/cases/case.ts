import type { Redis, RedisOptions } from 'ioredis';

/** One or several calls through ioredis, and what Redis 7.0.15 answers to them. */
export interface Case {
  name: string;
  /** `connect` opens a further connection. */
  run(redis: Redis, connect: (options?: RedisOptions) => Redis): Promise<unknown>;
  /** An error is `{ error: its message }`. */
  answer: unknown;
  /** The stand-in does not do this and must say so with an error that contains this text. */
  refused?: string;
}

/** Resolves when the key has expired. */
export async function gone(redis: Redis, key: string): Promise<void> {
  while (await redis.exists(key)) await new Promise((resolve) => setImmediate(resolve));
}
