import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { startCosmos } from '../../../dev/cosmos/server.ts';
import { clientOf, cosmosStand, found, statusOf } from './stand.ts';

let time = Date.parse('2026-03-01T12:00:00Z');
const cosmos = cosmosStand({ now: () => time });
const pass = (seconds: number): void => {
  time += seconds * 1000;
};

describe('time to live', () => {
  test("an item's own ttl ends it for reads, queries and changes, and its id is free again", async () => {
    const container = await cosmos.container({ defaultTtl: -1 });
    await container.items.create({ id: 'brief', tenant: 'a', ttl: 10 });
    await container.items.create({ id: 'lasting', tenant: 'a' });
    pass(9);
    expect((await container.item('brief', 'a').read()).statusCode).toBe(200);
    pass(1);
    expect((await container.item('brief', 'a').read()).statusCode).toBe(404);
    expect(await found(container, 'SELECT VALUE c.id FROM c')).toEqual(['lasting']);
    expect(await statusOf(container.items.create({ id: 'brief', tenant: 'a', ttl: 10 }))).toBe(201);
  });

  test('a write starts the time anew; -1 lets one item outlive the default', async () => {
    const container = await cosmos.container({ defaultTtl: 10 });
    const more: Record<string, { ttl?: number }> = { plain: {}, forever: { ttl: -1 }, renewed: {} };
    for (const id of Object.keys(more)) await container.items.create({ id, tenant: 'a', ...more[id] });
    pass(6);
    await container.item('renewed', 'a').patch([{ op: 'set', path: '/n', value: 1 }]);
    pass(6);
    expect(await found(container, 'SELECT VALUE c.id FROM c')).toEqual(['forever', 'renewed']);
  });

  test('without a default the ttl of items means nothing until one is set', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', ttl: 1 });
    pass(5);
    expect((await container.item('1', 'a').read()).statusCode).toBe(200);
    const { resource } = await container.read();
    await container.replace({ ...resource, id: container.id, defaultTtl: -1 } as never);
    expect((await container.read()).resource?.defaultTtl).toBe(-1);
    expect((await container.item('1', 'a').read()).statusCode).toBe(404);
  });

  test('a ttl that is no whole positive number or -1 is 400', async () => {
    const container = await cosmos.container({ defaultTtl: -1 });
    for (const ttl of [0, -2, 1.5, 'x', 2 ** 31]) {
      const document = { id: '1', tenant: 'a', ttl: ttl as number };
      expect({ ttl, status: await statusOf(container.items.create(document)) }).toEqual({ ttl, status: 400 });
    }
  });
});

describe('containers and databases', () => {
  test('are created, read, listed and deleted over REST', async () => {
    const { database } = await cosmos.client.databases.create({ id: 'other' });
    const { container } = await database.containers.create({ id: 'things', partitionKey: '/pk' });
    await container.items.create({ id: '1', pk: 'a' });
    expect((await container.read()).resource).toMatchObject({ id: 'things', partitionKey: { paths: ['/pk'], version: 2 } });
    expect((await database.containers.readAll().fetchAll()).resources.map(({ id }) => id)).toEqual(['things']);
    expect((await cosmos.client.databases.readAll().fetchAll()).resources.map(({ id }) => id)).toContain('other');
    expect(await statusOf(database.containers.create({ id: 'things', partitionKey: '/pk' }))).toBe(409);
    await container.delete();
    await database.containers.create({ id: 'things', partitionKey: '/pk' });
    expect(await found(container, 'SELECT * FROM c')).toEqual([]);
    await database.delete();
    expect(await statusOf(container.read())).toBe(404);
  });

  test('items of a missing container are 404 with sub-status 1003', async () => {
    const { database } = await cosmos.client.databases.createIfNotExists({ id: 'db' });
    const reading = database.container('missing').items.query('SELECT * FROM c', { partitionKey: 'a' }).fetchAll();
    await expect(reading).rejects.toMatchObject({ code: 404, substatus: 1003 });
  });

  test('a unique key is unique within its partition', async () => {
    const container = await cosmos.container({ uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/email'] }] } });
    await container.items.create({ id: '1', tenant: 'a', email: 'x' });
    expect(await statusOf(container.items.create({ id: '2', tenant: 'a', email: 'x' }))).toBe(409);
    expect(await statusOf(container.items.create({ id: '2', tenant: 'b', email: 'x' }))).toBe(201);
    expect(await statusOf(container.items.upsert({ id: '1', tenant: 'a', email: 'x', n: 2 }))).toBe(200);
  });

  test('a definition that cannot be kept is refused by name', async () => {
    const { database } = await cosmos.client.databases.createIfNotExists({ id: 'db' });
    const base = { id: 'refused', partitionKey: { paths: ['/pk'], version: 2 } };
    for (const [extra, name] of [
      [{ computedProperties: [{ name: 'x', query: 'SELECT VALUE 1 FROM c' }] }, 'computedProperties'],
      [{ partitionKey: { paths: ['/pk'], version: 1 } }, 'version 2'],
      [{ defaultTtl: 0 }, 'defaultTtl'],
    ] as const) {
      await expect(database.containers.create({ ...base, ...extra } as never)).rejects.toMatchObject({
        code: 400,
        message: expect.stringContaining(name),
      });
    }
  });

  test('are there from the start when the options say so, with Strong consistency and one write region', async () => {
    const server = await startCosmos({
      database: 'mine',
      containers: [
        { id: 'memory', defaultTtl: -1 },
        { id: 'ops', partitionKeyPath: '/day' },
      ],
    });
    const client = clientOf(server);
    const { resource: account } = await client.getDatabaseAccount();
    expect(account?.consistencyPolicy).toBe('Strong');
    expect(account?.writableLocations).toHaveLength(1);
    expect((await client.database('mine').container('memory').read()).resource).toMatchObject({
      defaultTtl: -1,
      partitionKey: { paths: ['/pk'] },
    });
    expect((await client.database('mine').container('ops').read()).resource?.partitionKey?.paths).toEqual(['/day']);
    client.dispose();
    await server.stop();
  });

  test('another consistency is said when asked for', async () => {
    const server = await startCosmos({ consistency: 'Session' });
    const client = clientOf(server);
    expect((await client.getDatabaseAccount()).resource?.consistencyPolicy).toBe('Session');
    client.dispose();
    await server.stop();
  });

  test('endpoint discovery leads back to this server', async () => {
    const container = await cosmos.container();
    const client = clientOf(cosmos.server, {
      connectionPolicy: { enableEndpointDiscovery: true, enableBackgroundEndpointRefreshing: false },
    });
    const found = client.database('db').container(container.id);
    expect(await statusOf(found.items.create({ id: '1', tenant: 'a' }))).toBe(201);
    client.dispose();
  });
});

describe('what is refused', () => {
  test('a wrong key is 401', async () => {
    const client = clientOf({ endpoint: cosmos.server.endpoint, key: Buffer.from('nope').toString('base64') });
    expect(await statusOf(client.databases.readAll().fetchAll() as never)).toBe(401);
    client.dispose();
  });

  test('no signature and a broken one are 401', async () => {
    expect((await fetch(`${cosmos.server.endpoint}/dbs`)).status).toBe(401);
    expect((await fetch(`${cosmos.server.endpoint}/`)).status).toBe(401);
    const headers = { authorization: '%E0%A4%A', 'x-ms-date': new Date().toUTCString() };
    expect((await fetch(`${cosmos.server.endpoint}/dbs`, { headers })).status).toBe(401);
  });

  test('a port that is taken is an error at start', async () => {
    await expect(startCosmos({ port: cosmos.server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('stored procedures, triggers, functions, offers and users are refused by name', async () => {
    const container = await cosmos.container();
    const { storedProcedures, triggers, userDefinedFunctions } = container.scripts;
    const attempts: [() => Promise<unknown>, string][] = [
      [() => storedProcedures.create({ id: 'sp', body: 'function () {}' }), 'Stored procedures'],
      [() => triggers.create({ id: 't', body: 'function () {}' } as never), 'Triggers'],
      [() => userDefinedFunctions.create({ id: 'f', body: 'function () {}' }), 'User-defined functions'],
      [() => container.readOffer(), 'Throughput offers'],
      [() => container.database.users.create({ id: 'u' }), 'Users'],
      [() => container.items.create({ id: '1', tenant: 'a' }, { preTriggerInclude: ['t'] }), 'Triggers'],
    ];
    for (const [attempt, name] of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: 400, message: expect.stringContaining(`stand-in: ${name}`) });
    }
    expect(await found(container, 'SELECT * FROM c')).toEqual([]);
  });
});
