import { describe, expect, test } from 'vitest';
import { signedPost } from './signed.ts';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

describe('items', () => {
  test('what was created is read back', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', v: 'v' });
    const { resource } = await container.item('1', 'a').read();
    expect(resource).toMatchObject({ id: '1', tenant: 'a', v: 'v', _ts: expect.any(Number), _etag: expect.any(String) });
  });

  test('a missing item is status 404 with no resource, not an exception', async () => {
    const container = await cosmos.container();
    const { statusCode, resource } = await container.item('nope', 'a').read();
    expect({ statusCode, resource }).toEqual({ statusCode: 404, resource: undefined });
  });

  test('a second create of the same id is 409', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    expect(await statusOf(container.items.create({ id: '1', tenant: 'a' }))).toBe(409);
  });

  test('of 20 creates of one id at once one wins', async () => {
    const container = await cosmos.container();
    const creates = Array.from({ length: 20 }, (_, n) => statusOf(container.items.create({ id: '1', tenant: 'a', n })));
    const statuses = await Promise.all(creates);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  });

  test('upsert is 201, then 200', async () => {
    const container = await cosmos.container();
    const statuses = [];
    for (const v of [1, 2]) statuses.push(await statusOf(container.items.upsert({ id: '1', tenant: 'a', v })));
    expect(statuses).toEqual([201, 200]);
    expect((await container.item('1', 'a').read()).resource).toMatchObject({ v: 2 });
  });

  test('replace and delete of a missing item are 404', async () => {
    const container = await cosmos.container();
    expect(await statusOf(container.item('1', 'a').replace({ id: '1', tenant: 'a' }))).toBe(404);
    expect(await statusOf(container.item('1', 'a').delete())).toBe(404);
  });

  test('a deleted item is gone and its id is free again', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    expect(await statusOf(container.item('1', 'a').delete())).toBe(204);
    expect((await container.item('1', 'a').read()).statusCode).toBe(404);
    expect(await statusOf(container.items.create({ id: '1', tenant: 'a' }))).toBe(201);
  });

  test('a _rid is stable over replacements and is no id', async () => {
    const container = await cosmos.container();
    const { resource: created } = await container.items.create({ id: '1', tenant: 'a' });
    const { resource: replaced } = await container.item('1', 'a').replace({ id: '1', tenant: 'a', n: 1 });
    expect(replaced).toMatchObject({ _rid: created?._rid, n: 1 });
    expect((await container.item(created?._rid ?? '', 'a').read()).statusCode).toBe(404);
  });

  test('an id with a slash, a backslash, ? or #, an empty or missing one, or one of 1024 bytes is 400', async () => {
    const container = await cosmos.container();
    const headers = { 'x-ms-documentdb-partitionkey': '["a"]' };
    for (const id of ['a/b', 'a\\b', 'a?b', 'a#b', '', ' ', 'x'.repeat(1024), 7, undefined]) {
      const { status } = await signedPost(cosmos.server, `dbs/db/colls/${container.id}/docs`, { headers, body: { id, tenant: 'a' } });
      expect({ id, status }).toEqual({ id, status: 400 });
    }
    expect(await found(container, 'SELECT * FROM c')).toEqual([]);
  });

  test('a body that is no JSON object is 400', async () => {
    const container = await cosmos.container();
    const headers = { 'x-ms-documentdb-partitionkey': '["a"]' };
    for (const body of ['{"id":', '"text"', '[]', '']) {
      expect((await signedPost(cosmos.server, `dbs/db/colls/${container.id}/docs`, { headers, body })).status).toBe(400);
    }
  });

  test.each(['s|S', 'a|S|1|000000000042', 'ünï cödé', '100%', "it's", 'a:b@c,d;e=f&g+h', '日本', 'q"q', '[x]{y}^`'])(
    'the id %s works',
    async (id) => {
      const container = await cosmos.container();
      await container.items.create({ id, tenant: 'a|b', n: 1 });
      await container.item(id, 'a|b').patch([{ op: 'incr', path: '/n', value: 1 }]);
      expect((await container.item(id, 'a|b').read()).resource).toMatchObject({ id, n: 2 });
      expect(await statusOf(container.item(id, 'a|b').delete())).toBe(204);
    },
  );

  test('a document above 2 MB is 413 and nothing is stored', async () => {
    const container = await cosmos.container();
    expect(await statusOf(container.items.create({ id: '1', tenant: 'a', big: 'x'.repeat(3e6) }))).toBe(413);
    expect((await container.item('1', 'a').read()).statusCode).toBe(404);
    expect(await statusOf(container.items.create({ id: '1', tenant: 'a', big: 'x'.repeat(2e6) }))).toBe(201);
  });

  test('every JSON value comes back as it was', async () => {
    const container = await cosmos.container();
    const value = {
      empty: {},
      list: [],
      deep: [[{ a: null }]],
      big: 1e300,
      small: -0.1,
      text: '"\\\u0000\u2028😀',
      lone: '\ud800',
      no: false,
    };
    await container.items.create({ id: '1', tenant: 'a', value });
    expect((await container.item('1', 'a').read()).resource?.value).toEqual(value);
  });

  test('answers carry a charge, an etag and the time', async () => {
    const container = await cosmos.container();
    const created = await container.items.create({ id: '1', tenant: 'a' });
    const read = await container.item('1', 'a').read();
    expect(created.requestCharge).toBeGreaterThan(5);
    expect(read.requestCharge).toBe(1);
    expect(read.etag).toBe(created.resource?._etag);
    expect(created.resource?._ts).toBeGreaterThan(Date.now() / 1000 - 60);
  });
});

describe('etags', () => {
  test('are quoted strings that change with each write', async () => {
    const container = await cosmos.container();
    const { resource: first } = await container.items.create({ id: '1', tenant: 'a' });
    const { resource: second } = await container.items.upsert({ id: '1', tenant: 'a' });
    expect(first?._etag).toMatch(/^".+"$/);
    expect(second?._etag).not.toBe(first?._etag);
  });

  test('a stale If-Match is 412 for replace, upsert, patch and delete, and changes nothing', async () => {
    const container = await cosmos.container();
    const { resource } = await container.items.create({ id: '1', tenant: 'a', n: 0 });
    await container.item('1', 'a').replace({ id: '1', tenant: 'a', n: 1 });
    const stale = { accessCondition: { type: 'IfMatch', condition: resource?._etag ?? '' } };
    const item = container.item('1', 'a');
    expect(await statusOf(item.replace({ id: '1', tenant: 'a', n: 2 }, stale))).toBe(412);
    expect(await statusOf(container.items.upsert({ id: '1', tenant: 'a', n: 2 }, stale))).toBe(412);
    expect(await statusOf(item.patch([{ op: 'set', path: '/n', value: 2 }], stale))).toBe(412);
    expect(await statusOf(item.delete(stale))).toBe(412);
    expect((await item.read()).resource).toMatchObject({ n: 1 });
  });

  test('the current If-Match is accepted', async () => {
    const container = await cosmos.container();
    const { resource } = await container.items.create({ id: '1', tenant: 'a', n: 0 });
    const current = { accessCondition: { type: 'IfMatch', condition: resource?._etag ?? '' } };
    expect(await statusOf(container.item('1', 'a').replace({ id: '1', tenant: 'a', n: 2 }, current))).toBe(200);
  });

  test('a read with the current etag in If-None-Match is 304', async () => {
    const container = await cosmos.container();
    const { resource } = await container.items.create({ id: '1', tenant: 'a' });
    const unchanged = { accessCondition: { type: 'IfNoneMatch', condition: resource?._etag ?? '' } };
    expect(await statusOf(container.item('1', 'a').read(unchanged))).toBe(304);
    await container.items.upsert({ id: '1', tenant: 'a', n: 1 });
    expect(await statusOf(container.item('1', 'a').read(unchanged))).toBe(200);
  });
});
