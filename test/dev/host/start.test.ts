import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHost } from '../../../dev/host/start.ts';
import { waitFor } from '../../support/wait.ts';
import { startApp, temporaryApp } from './temporary-app.ts';

const HELLO = `app.http('hello', { methods: ['GET'], handler: () => ({ body: process.env.GREETING ?? 'hello' }) });`;

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

test('an app answers as soon as startHost resolves, and no more once it has stopped', async () => {
  const host = await startApp({ code: HELLO });
  expect(await (await fetch(`${host.url}/api/hello`)).text()).toBe('hello');
  expect(host.lines.some((line) => line.startsWith('Host started'))).toBe(true);
  await host.stop();
  expect(await host.exited).toBe(0);
  expect(await isListening(host.port)).toBe(false);
});

test('settings given to startHost win over local.settings.json, an empty one too', async () => {
  const localSettings = { GREETING: 'from the file', OTHER: 'only in the file' };
  const code = `app.http('hello', { methods: ['GET'], handler: () => ({ jsonBody: [process.env.GREETING, process.env.OTHER] }) });`;
  const host = await startApp({ code, localSettings, env: { GREETING: '' } });
  expect(await (await fetch(`${host.url}/api/hello`)).json()).toEqual(['', 'only in the file']);
});

test('a file that does not load stops the whole app, with its own error', async () => {
  const root = temporaryApp({ code: HELLO });
  writeFileSync(join(root, 'broken.cjs'), `throw new Error('no such setting: COSMOS_ENDPOINT');`);
  await expect(startHost({ root })).rejects.toThrow(/entry point "broken.cjs".*no such setting: COSMOS_ENDPOINT/s);
});

test.each([
  [
    'a blob trigger',
    `app.storageBlob('blobs', { path: 'x', connection: '', handler() {} });`,
    /binding type blobTrigger .*not supported by this/,
  ],
  ['HTTP streaming', `app.setup({ enableHttpStream: true });${HELLO}`, /HTTP streaming .*not supported by this/],
  ['a reserved route', `app.http('a', { route: 'admin/x', handler() {} });`, /conflicts with one or more built in routes/],
  [
    'an unknown constraint',
    `app.http('a', { route: 'x/{y:odd}', handler() {} });`,
    /'a' function is in error: The constraint 'odd' is not known/,
  ],
  ['a bad name', `app.http('1st', { handler() {} });`, /'1st' is not a valid function name/],
  [
    'retry options',
    `app.timer('t', { schedule: '0 0 0 * * *', retry: { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: 1 }, handler() {} });`,
    /retry/,
  ],
])('%s is refused at the start', async (_what, code, message) => {
  await expect(startHost({ root: temporaryApp({ code }) })).rejects.toThrow(message);
});

test('host.json with comments is read, one with a wrong value stops the start', async () => {
  const root = temporaryApp({ code: HELLO });
  writeFileSync(join(root, 'host.json'), '{ "version": "2.0", /* why */ "extensions": { "http": { "routePrefix": "" } }, }');
  const host = await startApp({ code: HELLO, root });
  expect((await fetch(`${host.url}/hello`)).status).toBe(200);
  writeFileSync(join(root, 'host.json'), '{ "version": "2.0", "functionTimeout": "soon" }');
  await expect(startHost({ root })).rejects.toThrow(/host.json functionTimeout: .*'soon' is not a TimeSpan/);
});

test('host.json functions names the only ones to run', async () => {
  const code = `${HELLO} app.http('other', { methods: ['GET'], handler: () => ({ body: 'other' }) });`;
  const host = await startApp({ code, hostJson: { functions: ['hello'] } });
  expect((await fetch(`${host.url}/api/hello`)).status).toBe(200);
  expect((await fetch(`${host.url}/api/other`)).status).toBe(404);
});

test('a second host on the same port is told so', async () => {
  const host = await startApp({ code: HELLO });
  await expect(startHost({ root: host.root, port: host.port })).rejects.toThrow(/EADDRINUSE/);
});

test('SIGKILL to the parent takes the app with it', async () => {
  const host = await startApp({ code: HELLO });
  process.kill(host.pid, 'SIGKILL');
  await host.exited;
  await waitFor(async () => !(await isListening(host.port)), { what: 'the port to be free' });
});

test('nothing is left when whoever started the host is killed', async () => {
  const root = temporaryApp({ code: HELLO });
  const starter = `
    const { startHost } = await import(${JSON.stringify(join(import.meta.dirname, '../../../dev/host/start.ts'))});
    console.log((await startHost({ root: ${JSON.stringify(root)} })).port);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '--eval', starter], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await once(launcher.stdout, 'data'));
  expect(await isListening(port)).toBe(true);
  launcher.kill('SIGKILL');
  await waitFor(async () => !(await isListening(port)), { what: 'the port to be free' });
});

test('a second SIGINT ends an app that does not notice the first', async () => {
  const code = `app.http('block', { methods: ['GET'], handler() { console.log('blocking'); for (;;); } });`;
  const host = await startApp({ code });
  fetch(`${host.url}/api/block`).catch(() => undefined);
  await waitFor(() => host.lines.includes('blocking'), { what: 'the handler' });
  process.kill(host.pid, 'SIGINT');
  await waitFor(() => host.lines.some((line) => line.startsWith('Stopping')), { what: 'the first to be noticed' });
  process.kill(host.pid, 'SIGINT');
  await host.exited;
  expect(await isListening(host.port)).toBe(false);
});

test('stopping lets what runs finish and runs the appTerminate hooks', async () => {
  const code = `
    app.http('slow', { methods: ['GET'], handler: async () => {
      console.log('handler entered');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { body: 'done' };
    } });
    app.hook.appTerminate(() => console.log('hook ran'));`;
  const host = await startApp({ code });
  const answer = fetch(`${host.url}/api/slow`).then((response) => response.text());
  await waitFor(() => host.lines.includes('handler entered'), { what: 'the handler' });
  const stopped = host.stop();
  expect(await answer).toBe('done');
  await stopped;
  expect(host.lines).toContain('hook ran');
  expect(await host.exited).toBe(0);
});
