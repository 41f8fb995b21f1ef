import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createCredential } from '../../src/lib/connect/credential.ts';

const CLIENT_ID = '00000000-0000-0000-0000-00000000c11e';
const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** What an app in Azure finds on its own machine: an address that gives tokens to its identities. */
async function identityEndpoint() {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://localhost').searchParams);
    const expires_on = Math.floor(Date.now() / 1000) + 86_400;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_on, resource: 'r', token_type: 'Bearer' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`);
  vi.stubEnv('IDENTITY_HEADER', 'header');
  return asked;
}

test('in Azure tokens are those of the named managed identity', async () => {
  const asked = await identityEndpoint();
  const credential = createCredential({ azure: true, clientId: CLIENT_ID });
  expect(asked).toHaveLength(0);
  const answer = await credential.getToken('https://redis.azure.com/.default');
  expect(answer?.token).toBe('token-1');
  expect(asked[0]?.get('client_id')).toBe(CLIENT_ID);
  expect(asked[0]?.get('resource')).toBe('https://redis.azure.com');
});

test('elsewhere it is whatever the developer is signed in with', async () => {
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'EnvironmentCredential');
  const credential = createCredential({ azure: false });
  await expect(credential.getToken('https://redis.azure.com/.default')).rejects.toThrow(/EnvironmentCredential/);
});
