import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis } from '../../../dev/redis/server.ts';
import type { Case } from './cases/case.ts';
import { hashesCases } from './cases/hashes.ts';
import { keysCases } from './cases/keys.ts';
import { listsCases } from './cases/lists.ts';
import { scriptsCases } from './cases/scripts.ts';
import { serverCases } from './cases/server.ts';
import { setsCases } from './cases/sets.ts';
import { streamsCases } from './cases/streams.ts';
import { stringsCases } from './cases/strings.ts';
import { transactionsCases } from './cases/transactions.ts';
import { realRedisVersion, startRealRedis } from './real-redis.ts';

const cases = [
  ...stringsCases,
  ...keysCases,
  ...hashesCases,
  ...listsCases,
  ...setsCases,
  ...scriptsCases,
  ...transactionsCases,
  ...serverCases,
  ...streamsCases,
];

if (realRedisVersion === undefined) console.log('redis-server is not on the PATH: the Redis stand-in was not compared with a real one.');
else console.log(`The Redis stand-in is compared with redis-server ${realRedisVersion}, answer by answer.`);

/** Runs a case on an emptied server, in the way that its answers are written down. */
async function answerOf({ run }: Case, options: RedisOptions): Promise<unknown> {
  const open: Redis[] = [];
  const connect = (more: RedisOptions = {}) => {
    const redis = new Redis({ retryStrategy: () => null, ...options, ...more });
    redis.on('error', () => {});
    open.push(redis);
    return redis;
  };
  try {
    const redis = connect();
    await redis.flushall();
    return await run(redis, connect);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const redis of open) redis.disconnect();
  }
}

describe.each([{ protocol: 3 }, { protocol: 2 }] as const)('RESP$protocol', ({ protocol }) => {
  describe('the stand-in answers as Redis 7.0.15', () => {
    let standIn: Awaited<ReturnType<typeof startRedis>>;
    beforeAll(async () => {
      standIn = await startRedis();
    });
    afterAll(() => standIn.stop());

    test.each(cases.filter(({ refused }) => refused === undefined))('$name', async (oneCase) => {
      expect(await answerOf(oneCase, { port: standIn.port, protocol })).toEqual(oneCase.answer);
    });

    test.each(cases.filter(({ refused }) => refused !== undefined))('or refuses: $name', async (oneCase) => {
      expect(await answerOf(oneCase, { port: standIn.port, protocol })).toEqual({ error: expect.stringContaining(oneCase.refused ?? '') });
    });
  });

  describe.runIf(realRedisVersion)('and so does a real redis-server', () => {
    let real: Awaited<ReturnType<typeof startRealRedis>>;
    beforeAll(async () => {
      real = await startRealRedis();
    });
    afterAll(() => real.stop());

    test.each(cases)('$name', async (oneCase) => {
      expect(await answerOf(oneCase, { path: real.path, protocol })).toEqual(oneCase.answer);
    });
  });
});

test('the table holds every case of the comparison', () => {
  expect(cases.length).toBeGreaterThanOrEqual(111);
});
