import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type CosmosOptions, type CosmosServer, DEV_KEY, startCosmos } from '../../dev/cosmos/server.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { type CosmosConnectionOptions, connectCosmos } from '../../src/lib/connect/cosmos.ts';
import type { CosmosCall } from '../../src/lib/connect/cosmos-patience.ts';
import { fakeCredential } from './fake-credential.ts';
import { refusingPort } from './sockets.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const CONTAINERS = ['memory', 'directory', 'ops', 'items'].map((id) => ({ id, defaultTtl: -1 }));

async function server(options: CosmosOptions = {}): Promise<CosmosServer> {
  const cosmos = await startCosmos({ port: 0, containers: CONTAINERS, ...options });
  cleanups.push(() => cosmos.stop());
  return cosmos;
}

function connect(endpoint: string, { env = {}, ...options }: CosmosConnectionOptions & { env?: Record<string, string> } = {}) {
  const { cosmos } = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', COSMOS_ENDPOINT: endpoint, ...env });
  const connection = connectCosmos(cosmos, options);
  cleanups.push(() => connection.dispose());
  return connection;
}

/** The same server under an address that is not known to be this machine, so that the SDK discovers endpoints as in Azure. */
const asIfRemote = (port: number) => ({ endpoint: `http://0.0.0.0:${port}`, env: { COSMOS_KEY: DEV_KEY } });

const timed = async (work: Promise<unknown>) => {
  const started = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: Error & { code?: unknown }) => reason,
  );
  return { error, ms: performance.now() - started };
};

describe('an account that is there', () => {
  test('is not talked to before the first call, and holds the four containers', async () => {
    const cosmos = await server();
    const { memory, directory, ops, items } = connect(cosmos.endpoint);
    expect(cosmos.calls.all).toHaveLength(0);
    for (const container of [memory, directory, ops, items]) {
      await container.items.create({ id: 'a', pk: 'p', in: container.id });
      const { resource } = await container.item('a', 'p').read();
      expect(resource).toMatchObject({ in: container.id });
    }
  });

  test('takes the configured database and prefix', async () => {
    const containers = CONTAINERS.map((container) => ({ ...container, id: `mine-${container.id}` }));
    const cosmos = await server({ database: 'other', containers });
    const { items } = connect(cosmos.endpoint, { env: { COSMOS_DATABASE: 'other', COSMOS_CONTAINER: 'mine' } });
    expect((await items.items.create({ id: 'a', pk: 'p' })).statusCode).toBe(201);
  });

  test('refuses another key', async () => {
    const cosmos = await server();
    const { items } = connect(cosmos.endpoint, { env: { COSMOS_KEY: Buffer.from('another').toString('base64') } });
    const { error } = await timed(items.item('a', 'p').read());
    expect(error?.code).toBe(401);
  });

  test('counts every HTTP call with its charge, also those that the SDK repeats', async () => {
    const cosmos = await server();
    const calls: CosmosCall[] = [];
    const { items } = connect(cosmos.endpoint, { onCall: (call) => calls.push(call) });
    await items.item('missing', 'p').read();
    await items.items.create({ id: 'first', pk: 'p' });
    calls.length = 0;
    cosmos.faults.add({ match: ({ method }) => method === 'POST', times: 2, action: { status: 429, retryAfterMs: 10 } });
    await items.items.create({ id: 'a', pk: 'p' });
    expect(calls.map(({ status }) => status)).toEqual([429, 429, 201]);
    expect(calls.at(-1)?.charge).toBeGreaterThan(0);
    await items.item('missing', 'p').read();
    expect(calls.at(-1)?.status).toBe(404);
  });
});

describe('consistency', () => {
  test('is asked for once and is good when it is strong', async () => {
    const cosmos = await server();
    const calls: CosmosCall[] = [];
    const { checkConsistency } = connect(cosmos.endpoint, { onCall: (call) => calls.push(call) });
    expect(await Promise.all([checkConsistency(), checkConsistency()])).toEqual([undefined, undefined]);
    expect(await checkConsistency()).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  test('names what the account has instead', async () => {
    const cosmos = await server({ consistency: 'Session' });
    expect(await connect(cosmos.endpoint).checkConsistency()).toBe('The Cosmos DB account has Session consistency; Keepsake needs Strong');
  });

  test('is asked again after a failure', async () => {
    const cosmos = await server();
    const { checkConsistency } = connect(cosmos.endpoint);
    const fault = cosmos.faults.add({ action: { status: 500 } });
    await expect(checkConsistency()).rejects.toThrow();
    fault.remove();
    expect(await checkConsistency()).toBeUndefined();
  });
});

describe('an account that is not there', () => {
  test.each(['near', 'far'])('is an error soon when it refuses (%s)', async (where) => {
    const port = await refusingPort();
    const { endpoint, env } = where === 'far' ? asIfRemote(port) : { endpoint: `http://127.0.0.1:${port}`, env: {} };
    const { items } = connect(endpoint, { env });
    const read = await timed(items.item('a', 'p').read());
    expect(read.error?.message).toMatch(/did not answer/);
    const write = await timed(items.items.create({ id: 'a', pk: 'p' }));
    expect(write.error?.message).toMatch(/did not answer/);
    expect(read.ms + write.ms).toBeLessThan(2000);
  });

  test.each(['near', 'far'])('is given up after one request timeout when it is silent (%s)', async (where) => {
    const cosmos = await server();
    const { endpoint, env } = where === 'far' ? asIfRemote(cosmos.port) : { endpoint: cosmos.endpoint, env: {} };
    const { items } = connect(endpoint, { env });
    await items.items.create({ id: 'a', pk: 'p' });
    const hang = cosmos.faults.add({ action: { hang: 'before' } });
    const { error, ms } = await timed(items.item('a', 'p').read());
    hang.release();
    expect(error?.message).toMatch(/did not answer: .*5000 ms/);
    expect(ms).toBeLessThan(7000);
    expect(hang.hits).toBe(1);
  });

  test('gets no more than the configured tries when it answers 503', async () => {
    const cosmos = await server();
    const { endpoint, env } = asIfRemote(cosmos.port);
    const { items } = connect(endpoint, { env });
    await items.items.create({ id: 'a', pk: 'p' });
    const fault = cosmos.faults.add({ action: { status: 503 } });
    const { error } = await timed(items.item('a', 'p').read());
    expect(error).toBeDefined();
    expect(fault.hits).toBeLessThanOrEqual(4);
  });

  test('is throttling for at most the configured tries', async () => {
    const cosmos = await server();
    const { items } = connect(cosmos.endpoint, { env: { COSMOS_MAX_RETRIES: '3' } });
    const fault = cosmos.faults.add({ action: { status: 429, retryAfterMs: 5 } });
    const { error } = await timed(items.items.create({ id: 'a', pk: 'p' }));
    expect(error?.code).toBe(429);
    expect(fault.hits).toBe(4);
  });
});

describe('a connection that breaks', () => {
  test('costs a read one more try', async () => {
    const cosmos = await server();
    const { items } = connect(cosmos.endpoint);
    await items.items.create({ id: 'a', pk: 'p' });
    const fault = cosmos.faults.add({ times: 1, action: { drop: 'before' } });
    const { error, ms } = await timed(items.item('a', 'p').read());
    expect(error).toBeUndefined();
    expect(fault.hits).toBe(1);
    expect(ms).toBeLessThan(500);
  });

  test('costs a batch of reads one more try, too', async () => {
    const cosmos = await server();
    const { items } = connect(cosmos.endpoint);
    await items.items.create({ id: 'a', pk: 'p' });
    const fault = cosmos.faults.add({ match: ({ kind }) => kind === 'batch', times: 1, action: { drop: 'before' } });
    const { result } = await items.items.batch([{ operationType: 'Read', id: 'a' }], 'p');
    expect(result?.[0]?.statusCode).toBe(200);
    expect(fault.hits).toBe(1);
  });

  test('fails a write, because it may have happened', async () => {
    const cosmos = await server();
    const { items } = connect(cosmos.endpoint);
    await items.items.create({ id: 'first', pk: 'p' });
    const fault = cosmos.faults.add({ match: ({ method }) => method === 'POST', action: { drop: 'after' } });
    const { error } = await timed(items.items.create({ id: 'a', pk: 'p' }));
    expect(error?.message).toMatch(/did not answer/);
    expect(fault.hits).toBe(1);
    fault.remove();
    expect((await items.item('a', 'p').read()).statusCode).toBe(200);
  });
});

describe('identity', () => {
  const config = loadConfig({ COSMOS_ENDPOINT: 'https://account.documents.azure.com' }).cosmos;

  test('is refused over http, where it would be readable', () => {
    const plain = { ...config, endpoint: 'http://cosmos.example' };
    expect(() => connectCosmos(plain, { credential: fakeCredential({ oid: 'o' }) })).toThrow(
      /needs a key: bearer tokens are sent over https only/,
    );
  });

  test('needs a credential when there is no key', () => {
    expect(() => connectCosmos(config)).toThrow(/needs a key or a credential/);
  });

  test('asks for a token of the account over https, on no more sockets than configured', async () => {
    const tls = createServer().listen(0, '127.0.0.1');
    await once(tls, 'listening');
    cleanups.push(() => {
      tls.close();
    });
    const { port } = tls.address() as AddressInfo;
    let most = 0;
    let open = 0;
    tls.on('connection', (socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.on('close', () => {
        open -= 1;
      });
    });
    const credential = fakeCredential({ oid: 'o' });
    const cosmos = { ...config, endpoint: `https://127.0.0.1:${port}`, maxConnections: 2 };
    const connection = connectCosmos(cosmos, { credential });
    cleanups.push(() => connection.dispose());
    const reads = Array.from({ length: 8 }, () => timed(connection.items.item('a', 'p').read()));
    for (const { error } of await Promise.all(reads)) expect(error).toBeDefined();
    expect(credential.scopes).toHaveLength(1);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });
});
