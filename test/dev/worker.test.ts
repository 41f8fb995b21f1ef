import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { bar, createScreen } from '../../dev/worker/screen.ts';
import { endSession } from '../../src/lib/memory/sessions/sessions.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { ownerIs, recall, say } from '../support/talk.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const SCRIPT = join(import.meta.dirname, '../../dev/worker.ts');
const CONFIGURED = /^(REDIS|COSMOS|BLOB|AzureWebJobs|AZURE|OPENAI|MODEL|PORT|QUEUE|AUTH|LOG)/;
const id = `t${randomUUID().slice(0, 8)}`;

let world: Instances;
beforeAll(async () => {
  await createStorage(inject('storage'), { blobPrefix: id, queuePrefix: id });
  world = await startInstances();
});
afterAll(() => world.stop());

function env(more: Record<string, string> = {}): Record<string, string> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURED.test(name))) as Record<string, string>;
  const storage = { AzureWebJobsStorage: inject('storage'), QUEUE_PREFIX: id, BLOB_CONTAINER: id };
  const { endpoint, key } = world.cosmos;
  return { ...inherited, ...storage, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, REDIS_URL: world.redis.url, ...more };
}
const worker = (args: string[], more: Record<string, string> = {}) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { cwd: temporaryDirectory(), env: env(more) };
    execFile(process.execPath, [SCRIPT, ...args], options, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });
/** The instances' clock, at so many seconds before the worker's. */
const clockAt = (secondsAgo: number) => world.clock.advance({ ms: Date.now() - secondsAgo * 1000 - world.clock.now() });

test('--run-once ends what was left, runs every job that waits, and says so', async () => {
  clockAt(3 * 3600);
  const left = world.fresh();
  await say(world.instance(), left, 'I live in Berlin and I am a vegetarian.');
  clockAt(0);
  const ended = world.fresh();
  await say(world.instance(), ended, 'I have a dog called Rex.');
  await endSession(world.instance(), ownerIs(ended), { ...ended, wait_ms: 0 });

  const { code, out, err } = await worker(['--run-once']);
  expect(code, err).toBe(0);
  expect(out).toMatch(/sweep: 1 ended/);
  expect(out).toMatch(/job 2\/2: reflect/);
  expect(out).toMatch(/^2 jobs run$/m);
  expect(out, 'there was never a round').toMatch(/retention: 2 looked/);
  expect((await recall(world.instance(), left)).insights.map((i) => i.content).join()).toMatch(/Berlin/);
  expect((await recall(world.instance(), ended)).watermark.pending_messages).toBe(0);

  const again = await worker(['--run-once']);
  expect(again.out).toMatch(/^0 jobs run$/m);
  expect(again.out, 'a day is not over').not.toMatch(/retention/);
}, 60_000);

test('--interval goes on until it is told to stop, and --retention-days runs retention once', async () => {
  const child = spawn(process.execPath, [SCRIPT, '--interval', '1', '--retention-days', '60'], { cwd: temporaryDirectory(), env: env() });
  let out = '';
  child.stdout.on('data', (text) => (out += text));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await waitFor(() => (out.match(/jobs run/g) ?? []).length >= 3, { timeoutMs: 40_000, what: 'three rounds' });
  child.kill('SIGINT');
  expect(await exited).toBe(0);
  expect(out.match(/retention:/g)).toHaveLength(1);
}, 60_000);

test.each([
  [[], 'either --run-once or --interval'],
  [['--run-once', '--interval', '3'], 'either --run-once or --interval'],
  [['--interval', 'soon'], 'seen: soon'],
  [['--now'], '--now'],
])('a command line that says nothing it does is refused with the help: %j', async (args, says) => {
  const { code, err } = await worker(args);
  expect(code).toBe(2);
  expect(err).toContain(says);
  expect(err).toContain('npm run worker');
});

test('a wrong number of days is refused like the setting', async () => {
  const { code, err } = await worker(['--run-once', '--retention-days', '9999']);
  expect(code).toBe(1);
  expect(err).toContain('RAW_RETENTION_DAYS: must be a whole number from 1 to 365');
});

test('on a terminal the jobs move one bar', () => {
  expect(bar(3, 6)).toBe('[############............] 3/6');
  const written: string[] = [];
  const screen = createScreen({ isTTY: true, write: (text) => written.push(text) });
  const job = { job_kind: 'reflect', session_id: 's1' } as Parameters<typeof screen.job>[0]['job'];
  screen.job({ done: 0, total: 2, job });
  screen.job({ done: 1, total: 2, job });
  screen.note('2 jobs run');
  expect(written.slice(0, 2).every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true);
  expect(written.at(-1)).toMatch(/2 jobs run\n$/);
});
