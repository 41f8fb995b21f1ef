import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';
import { fixtureApp, launchIn } from './launcher.ts';

/** Holds a port for the length of the test; undefined when somebody else has it. */
async function holdPort(port = 0): Promise<number | undefined> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch(() => {});
  onTestFinished(() => void server.close());
  return server.listening ? (server.address() as AddressInfo).port : undefined;
}

test('a fresh clone starts with stand-ins for everything, and says so on one screen', async () => {
  const { ready, output } = launchIn(await fixtureApp());
  const api = await ready();
  const { body } = await api.get('/health');
  expect(body).toMatchObject({ status: 'healthy', settings: { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', COSMOS_DATABASE: 'keepsake' } });
  expect((await api.get('/ping')).body).toBe('PONG');
  const screen = output();
  for (const words of [
    'not the Azure Functions runtime',
    'Cosmos DB',
    'Redis',
    'Azurite',
    'Model       local',
    '.keepsake',
    'curl',
    'Ctrl+C',
  ]) {
    expect(screen).toContain(words);
  }
  expect(screen.split('\n').length).toBeLessThan(24);
});

test('what was acknowledged before SIGKILL of the whole stack is there after the next start', async () => {
  const root = await fixtureApp();
  const first = launchIn(root);
  const api = await first.ready();
  const names = Array.from({ length: 20 }, (_, index) => `note-${index}`);
  const answers = await Promise.all(names.map((name) => api.request('PUT', `/notes/${name}`, { body: `text of ${name}` })));
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
  const { pid } = (await api.get('/health')).body;
  await first.kill('SIGKILL');
  await waitFor(() => !isAlive(pid), { what: 'the app to end with the launcher' });

  const again = await launchIn(root).ready();
  const texts = await Promise.all(names.map(async (name) => (await again.get(`/notes/${name}`)).body));
  expect(texts).toEqual(names.map((name) => `text of ${name}`));
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops everything, also when it comes twice', async (signal) => {
  const { ready, child, exit, output } = launchIn(await fixtureApp());
  const api = await ready();
  const { pid, settings } = (await api.get('/health')).body;
  child.kill(signal);
  child.kill(signal);
  expect(await exit).toBe(0);
  expect(output()).toContain('Stopped');
  expect(isAlive(pid)).toBe(false);
  for (const address of [api.url, settings.COSMOS_ENDPOINT]) await expect(fetch(address)).rejects.toThrow();
});

test('a second start on the same data is refused and leaves the first alone', async () => {
  const root = await fixtureApp();
  const first = launchIn(root);
  const api = await first.ready();
  const second = launchIn(root, { args: ['--reset'] });
  expect(await second.exit).toBe(1);
  expect(second.output()).toContain(`in use by another Keepsake (process ${first.child.pid})`);
  expect((await api.get('/health')).status).toBe(200);
});

test('ports that are taken are left alone: free ones are used, and the asked one is an error', async () => {
  const held = await Promise.all([7071, 8081, 6379, 10_000, 10_001].map(holdPort));
  const root = await fixtureApp();
  const { ready, kill } = launchIn(root);
  const api = await ready();
  const { settings } = (await api.get('/health')).body;
  for (const url of [api.url, settings.COSMOS_ENDPOINT, settings.REDIS_URL]) expect(held).not.toContain(Number(new URL(url).port));
  expect((await api.get('/ping')).body).toBe('PONG');
  await kill('SIGTERM');

  const taken = String(await holdPort());
  const refused = launchIn(root, { args: ['--port', taken] });
  expect(await refused.exit).toBe(1);
  expect(refused.output()).toContain(`Port ${taken} is taken`);
});

test('--reset begins anew, and never in a directory of something else', async () => {
  const root = await fixtureApp();
  const first = launchIn(root);
  await (await first.ready()).request('PUT', '/notes/old', { body: 'text' });
  await first.kill('SIGTERM');
  const second = launchIn(root, { args: ['--reset'] });
  expect((await (await second.ready()).get('/notes/old')).status).toBe(500); // the fixture does not catch the missing blob
  await second.kill('SIGTERM');

  const foreign = temporaryDirectory();
  writeFileSync(join(foreign, 'thesis.txt'), 'years of work');
  const refused = launchIn(root, { args: ['--reset', '--data', foreign] });
  expect(await refused.exit).toBe(1);
  expect(refused.output()).toContain('is not a Keepsake data directory');
  expect(readFileSync(join(foreign, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('what the settings put elsewhere is not started', async () => {
  const root = await fixtureApp();
  writeFileSync(join(root, 'local.settings.json'), '{ "Values": { "COSMOS_ENDPOINT": "http://cosmos.test", "FROM_FILE": "yes" } }');
  const { ready, output } = launchIn(root, { env: { REDIS_URL: 'redis://redis.test' } });
  const { settings } = (await (await ready()).get('/health')).body;
  expect(settings).toMatchObject({ COSMOS_ENDPOINT: 'http://cosmos.test', REDIS_URL: 'redis://redis.test', FROM_FILE: 'yes' });
  expect(output()).toMatch(/Cosmos DB\s+configured elsewhere/);
  expect(output()).toMatch(/Redis\s+configured elsewhere/);
});

test('the launcher ends when the app does', async () => {
  const { ready, exit, output } = launchIn(await fixtureApp());
  const { parent } = (await (await ready()).get('/health')).body; // the dev host, which starts a crashed app again
  process.kill(parent, 'SIGKILL');
  expect(await exit).toBe(1);
  expect(output()).toContain('The app ended by itself');
});

test('--watch puts a changed app in the place of the old one, and only that', async () => {
  const root = await fixtureApp();
  const { ready, output } = launchIn(root, { args: ['--watch'] });
  const api = await ready();
  const before = (await api.get('/health')).body;
  const source = join(root, 'src/functions/health.http.ts');
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, text.replace("'healthy'", "'changed'"));
  const after = await waitFor(
    async () => ((await api.get('/health')).body.status === 'changed' ? (await api.get('/health')).body : undefined),
    {
      what: 'the changed answer',
    },
  );
  expect(after.settings).toEqual(before.settings);

  writeFileSync(source, 'syntax error here');
  await waitFor(() => output().includes('Your change does not build'), { what: 'the error of the build' });
  expect((await api.get('/health')).body.status).toBe('changed');
});
