import { chmodSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { anyFreePort } from '../../../dev/launch/ports.ts';
import { isAlive } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';
import { fixtureApp, launchIn } from './launcher.ts';

const FAKE = join(import.meta.dirname, 'fake-func.mjs');

/** An environment with a `func` of this version on the PATH. */
function withFunc(version: string) {
  const folder = temporaryDirectory();
  const func = join(folder, 'func');
  writeFileSync(func, `#!/bin/sh\nexec "${process.execPath}" "${FAKE}" "$@"\n`);
  chmodSync(func, 0o755);
  return { PATH: `${folder}${delimiter}${process.env.PATH}`, FAKE_FUNC_VERSION: version };
}

test('func on the PATH runs the app, in the repository and with the same settings', async () => {
  const root = await fixtureApp();
  const { ready, output, kill } = launchIn(root, { env: withFunc('4.0.5382'), args: ['--port', String(await anyFreePort())] });
  const api = await ready();
  const { pid, folder, settings } = (await api.get('/health')).body;
  expect(output()).toContain('Azure Functions Core Tools 4.0.5382, the real runtime');
  expect(folder).toBe(realpathSync(root));
  expect(settings.REDIS_URL).toMatch(/^redis:/);
  expect(settings.AzureWebJobsStorage).toContain('AccountName=devstoreaccount1');
  expect(await kill('SIGTERM')).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test('func does not outlive a killed launcher', async () => {
  const { ready, kill } = launchIn(await fixtureApp(), { env: withFunc('4.1.0'), args: ['--port', String(await anyFreePort())] });
  const { pid } = (await (await ready()).get('/health')).body;
  await kill('SIGKILL');
  await waitFor(() => !isAlive(pid), { what: 'func to end with the launcher' });
});

test('the dev host takes over when func is too old or not wanted', async () => {
  const old = launchIn(await fixtureApp(), { env: withFunc('4.0.5381') });
  await old.ready();
  expect(old.output()).toContain('func 4.0.5381 is older than 4.0.5382');
  const unwanted = launchIn(await fixtureApp(), { env: withFunc('4.0.5382'), args: ['--host', 'dev'] });
  await unwanted.ready();
  expect(unwanted.output()).toContain('not the Azure Functions runtime');
});

test('--host func without func says what is missing', async () => {
  const { exit, output } = launchIn(await fixtureApp(), { env: withFunc('3.0.1'), args: ['--host', 'func'] });
  expect(await exit).toBe(1);
  expect(output()).toContain('func 3.0.1 is older than 4.0.5382');
});
