import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sessionHead } from '../../src/lib/tiers/keys.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { hasRedisServer, type RedisNode } from '../support/redis-node.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { clusterSettings } from '../support/test-redis.ts';
import { waitFor } from '../support/wait.ts';
import { createTalker, type Talker } from './talker.ts';

const NODE_TIMEOUT_MS = 1500;
const SESSIONS_A_PRIMARY = 3;
const SETTINGS = {
  REDIS_COMMAND_TIMEOUT_MS: '250',
  REDIS_SOCKET_TIMEOUT_MS: '2000', // a node that hangs is given up sooner
  BREAKER_RESET_SECONDS: '1',
  // Buffers large enough that every turn of these tests stays verbatim in the context.
  K_TURN_BUFFER: '100',
  L_TURN_CHUNKS: '100',
  MAX_BUFFER_MESSAGES: '1000',
  MAX_BUFFER_TOKENS: '100000',
  SUMMARY_TRIGGER_TOKENS: '100000',
  REFLECTION_THRESHOLD_TURNS: '1000',
};

let cluster: RedisCluster;
let stack: Stack;
const cleanups: (() => Promise<void>)[] = [];
beforeEach(async () => {
  cluster = await startRedisCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS });
  cleanups.push(cluster.stop);
  stack = await startStack({ apps: 2, settings: { ...SETTINGS, ...clusterSettings(cluster) } });
  cleanups.push(stack.stop);
}, 60_000);
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Names of sessions, as many on each primary. */
async function spreadNames(): Promise<string[]> {
  const byPrimary = new Map<RedisNode, string[]>();
  const wanted = 3 * SESSIONS_A_PRIMARY;
  const names = () => [...byPrimary.values()].flatMap((of) => of.slice(0, SESSIONS_A_PRIMARY));
  while (names().length < wanted) {
    const name = `s-${randomUUID()}`;
    const primary = await cluster.primaryOf(sessionHead('default', name));
    byPrimary.set(primary, [...(byPrimary.get(primary) ?? []), name]);
  }
  return names();
}

/** Every talker comes so many turns further; rejects with what a talker found wrong. */
async function further(talkers: Talker[], turns: number): Promise<void> {
  const goals = talkers.map(({ said }) => said.length + turns);
  const arrived = () => talkers.every(({ said }, i) => said.length >= goals[i]!);
  const wrong = Promise.race(talkers.map(({ talking }) => talking.then(() => Promise.reject(new Error('stopped talking')))));
  await Promise.race([waitFor(arrived, { what: 'every session to go on', timeoutMs: 60_000 }), wrong]);
}

const unharmed = async (talkers: Talker[]) => {
  for (const { seen } of talkers) Object.assign(seen, { degraded: 0, refused: 0 });
  await further(talkers, 2);
  return talkers.every(({ seen }) => seen.degraded === 0 && seen.refused === 0);
};

const ENDS = [
  { what: 'is killed', end: (node: RedisNode) => node.kill(), undo: (node: RedisNode) => node.start() },
  { what: 'hangs', end: async (node: RedisNode) => node.standStill(), undo: async (node: RedisNode) => node.goOn() },
];

describe.runIf(hasRedisServer)('a primary', () => {
  test.each(ENDS)(
    'that $what under load loses no acknowledged turn, misleads nobody, and is done without after a while',
    async ({ end, undo }) => {
      const names = await spreadNames();
      const talkers = names.map((session_id) => createTalker({ session_id, apis: [stack.api(0), stack.api(1)] }));
      await further(talkers, 3);
      await waitFor(() => unharmed(talkers), { what: 'answers that are not degraded while all is well', timeoutMs: 60_000 });

      const killed = cluster.nodes[0]!; // the one that the apps were given the address of
      await end(killed);
      await waitFor(() => talkers.some(({ seen }) => seen.degraded > 0), { what: 'answers to say so' });
      await cluster.whole();
      await waitFor(() => unharmed(talkers), { what: 'answers to be as before', timeoutMs: 60_000 });

      await cluster.cutConnections();
      await waitFor(() => unharmed(talkers), { what: 'answers to be as before, found by the nodes that are left', timeoutMs: 20_000 });

      await undo(killed);
      await cluster.whole();
      await further(talkers, 3);
      for (const talker of talkers) talker.stop();
      await Promise.all(talkers.map(({ talking }) => talking));
      for (const talker of talkers) expect(await talker.stored()).toEqual(talker.said);
    },
    180_000,
  );
});
