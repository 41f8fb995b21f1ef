import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHost } from '../../dev/host/start.ts';
import type { RedisClient } from '../../src/lib/connect/redis.ts';
import { COMMIT, INSTALL } from '../../src/lib/tiers/hot-scripts.ts';
import { sessionBuffer, sessionHead } from '../../src/lib/tiers/keys.ts';
import { createApi } from '../support/api.ts';
import { appFolder } from '../support/app-folder.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { onStandIn } from '../support/test-redis.ts';
import { waitFor } from '../support/wait.ts';

// The five cases of trust.test.ts once more, through three app processes on one stack.
let stack: Stack;
let client: RedisClient;
beforeAll(async () => {
  stack = await startStack({ apps: 3, settings: { VERIFY_WITHIN_SECONDS: '1', REDIS_COMMAND_TIMEOUT_MS: '5000' } });
  client = stack.redis.connect();
});
afterAll(async () => {
  client.disconnect();
  await stack.stop();
});

type Who = { user_id: string; session_id: string };
const fresh = (): Who => ({ user_id: `u-${randomUUID()}`, session_id: `s-${randomUUID()}` });
const keysOf = ({ session_id }: Who) => [sessionHead('default', session_id), sessionBuffer('default', session_id)] as const;

async function say(app: number, who: Who, text: string): Promise<number> {
  const { body } = await stack.api(app).post('/memory/store', { ...who, user_message: text, agent_message: 'ok' });
  return body.seq;
}
async function recalled(app: number, who: Who, at_least_seq?: number): Promise<string[]> {
  const { body } = await stack.api(app).post('/memory/context', { ...who, at_least_seq });
  return body.active_context.map((turn: { user_message: string }) => turn.user_message);
}
/** Holds the next run of a script for a session back. */
const hold = (script: string, { session_id }: Who) =>
  stack.redis.faults.add({
    match: (call) => call.script === script && call.args.some((arg) => arg.includes(session_id)),
    times: 1,
    action: { hang: 'before' },
  });

onStandIn('a rebuild that races a commit of another process', async () => {
  const who = fresh();
  await say(0, who, 'first');
  await client.del(...keysOf(who));
  const slow = hold(INSTALL, who);
  const early = recalled(1, who);
  await slow.reached;
  await say(0, who, 'second');
  slow.release();
  expect(await early).toEqual(['first']);
  expect(await recalled(1, who)).toEqual(['first', 'second']);
  expect(await recalled(2, who)).toEqual(['first', 'second']);
});

onStandIn('the tokens of two writing processes', async () => {
  const who = fresh();
  await say(0, who, 'first');
  const slow = hold(COMMIT, who);
  const behind = say(0, who, 'second');
  await slow.reached;
  expect(await recalled(2, who)).toEqual(['first', 'second']);
  await say(1, who, 'third');
  slow.release();
  await behind;
  for (const app of [0, 1, 2]) expect(await recalled(app, who)).toEqual(['first', 'second', 'third']);
});

test('one key evicted alone', async () => {
  const who = fresh();
  await say(0, who, 'first');
  for (const [i, key] of keysOf(who).entries()) {
    await client.del(key);
    expect(await recalled(1 + i, who)).toEqual(['first']);
  }
  await client.del(keysOf(who)[1]);
  await say(1, who, 'second');
  expect(await recalled(2, who)).toEqual(['first', 'second']);
});

test('an older copy restored by a failover', async () => {
  const who = fresh();
  const [head, buffer] = keysOf(who);
  await say(0, who, 'first');
  const older = { head: await client.hgetall(head), texts: await client.lrange(buffer, 0, -1) };
  const seq = await say(1, who, 'second');
  await client
    .multi()
    .del(head, buffer)
    .hset(head, older.head)
    .rpush(buffer, ...older.texts)
    .exec();
  expect(await recalled(2, who, seq)).toEqual(['first', 'second']);
  await client
    .multi()
    .del(head, buffer)
    .hset(head, older.head)
    .rpush(buffer, ...older.texts)
    .exec();
  const whole = async () => (await recalled(0, who)).length === 2;
  await waitFor(whole, { what: 'the copy to be checked after VERIFY_WITHIN_SECONDS', timeoutMs: 5000 });
});

test('a process cut off from Redis while the others are not', async () => {
  const who = fresh();
  const root = appFolder();
  const cutOff = await startHost({ root, port: 0, env: { ...stack.env, REDIS_URL: 'redis://127.0.0.1:1' }, quiet: true });
  try {
    await say(0, who, 'first');
    expect(await recalled(1, who)).toEqual(['first']);
    const answer = await createApi(cutOff.url).post('/memory/store', { ...who, user_message: 'second', agent_message: 'ok' });
    expect(answer.body).toMatchObject({ durability: 'stored', degraded: ['redis'] });
    expect(await recalled(2, who, answer.body.seq)).toEqual(['first', 'second']);
    const whole = async () => (await recalled(1, who)).length === 2;
    await waitFor(whole, { what: 'the copy to be ended or checked', timeoutMs: 20_000 });
    const read = await createApi(cutOff.url).post('/memory/context', who);
    expect(read.body.active_context).toHaveLength(2);
    expect(read.body.degraded).toEqual(['redis']);
  } finally {
    await cutOff.stop();
    rmSync(root, { recursive: true, force: true });
  }
});
