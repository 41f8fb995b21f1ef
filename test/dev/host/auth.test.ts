import { expect, test } from 'vitest';
import { startApp } from './temporary-app.ts';

const CODE = `
  const answer = { methods: ['GET'], handler: () => ({ body: 'in' }) };
  app.http('open', { ...answer, authLevel: 'anonymous' });
  app.http('keyed', { ...answer, authLevel: 'function' });
  app.http('guarded', { ...answer, authLevel: 'admin' });
  app.http('switched-off', { ...answer, authLevel: 'anonymous' });`;

const env = {
  'AzureWebJobs.switched-off.Disabled': 'true',
  KEEPSAKE_HOST_MASTER_KEY: 'the-master-key',
  KEEPSAKE_HOST_FUNCTION_KEY: 'the-function-key',
};

const master = { 'x-functions-key': 'the-master-key' };
const fn = { 'x-functions-key': 'the-function-key' };
const wrong = { 'x-functions-key': 'the-functiom-key' };

test('with --enableAuth each level asks for its key', async () => {
  const host = await startApp({ code: CODE, env, enableAuth: true });
  const status = async (path: string, headers = {}) => (await fetch(`${host.url}${path}`, { headers })).status;
  expect(await status('/api/open')).toBe(200);
  expect(await status('/api/keyed')).toBe(401);
  expect(await status('/api/keyed', wrong)).toBe(401);
  expect(await status('/api/keyed', fn)).toBe(200);
  expect(await status('/api/keyed?code=the-function-key')).toBe(200);
  expect(await status('/api/guarded', fn)).toBe(401);
  expect(await status('/api/guarded', master)).toBe(200);
  expect(await status('/api/switched-off')).toBe(404);
  expect(await status('/api/switched-off', master)).toBe(200);
  expect(await status('/admin/functions', fn)).toBe(401);
  expect(await status('/admin/functions', master)).toBe(200);
  expect(await status('/admin/host/ping')).toBe(200);
});

test('without it nobody is asked, as under func start', async () => {
  const host = await startApp({ code: CODE, env });
  const status = async (path: string) => (await fetch(`${host.url}${path}`)).status;
  expect(await status('/api/keyed')).toBe(200);
  expect(await status('/api/guarded')).toBe(200);
  expect(await status('/api/switched-off')).toBe(200);
  expect(await status('/admin/functions')).toBe(200);
});
