import { PartitionKeyDefinitionVersion, PartitionKeyKind } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

const hierarchical = {
  partitionKey: { paths: ['/tenant', '/user'], kind: PartitionKeyKind.MultiHash, version: PartitionKeyDefinitionVersion.V2 },
};

describe('partitions', () => {
  test('the same id lives in two partitions', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    expect(await statusOf(container.items.create({ id: '1', tenant: 'b' }))).toBe(201);
  });

  test('a query with a partition key sees that partition only', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    await container.items.create({ id: '2', tenant: 'b' });
    expect(await found(container, 'SELECT VALUE c.id FROM c', 'a')).toEqual(['1']);
    expect(await found(container, 'SELECT VALUE c.id FROM c', 'zz')).toEqual([]);
  });

  test('so do an aggregate, an ORDER BY, a GROUP BY and a DISTINCT', async () => {
    const container = await cosmos.container();
    for (const tenant of ['a', 'b']) for (const n of [1, 2]) await container.items.create({ id: `${n}`, tenant, n });
    await container.items.create({ id: '3', tenant: 'b', n: 3 });
    expect(await found(container, 'SELECT VALUE COUNT(1) FROM c', 'a')).toEqual([2]);
    expect(await found(container, 'SELECT VALUE c.tenant FROM c ORDER BY c.n DESC', 'a')).toEqual(['a', 'a']);
    expect(await found(container, 'SELECT c.tenant, COUNT(1) AS n FROM c GROUP BY c.tenant', 'a')).toEqual([{ tenant: 'a', n: 2 }]);
    expect(await found(container, 'SELECT DISTINCT VALUE c.tenant FROM c', 'a')).toEqual(['a']);
  });

  test('readAll with a partition key sees that partition only', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    await container.items.create({ id: '2', tenant: 'b' });
    const { resources } = await container.items.readAll({ partitionKey: 'a' }).fetchAll();
    expect(resources.map(({ id }) => id)).toEqual(['1']);
  });

  test('the partition predicate in the text bounds a query without a key', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    await container.items.create({ id: '1', tenant: 'b' });
    expect(await found(container, "SELECT VALUE c.tenant FROM c WHERE c.tenant = 'b'")).toEqual(['b']);
    expect(await found(container, "SELECT VALUE c.tenant FROM c WHERE c.tenant = 'b' OR c.tenant = 'a'")).toEqual(['a', 'b']);
    expect(await found(container, "SELECT VALUE c.tenant FROM c WHERE NOT (c.tenant = 'b')")).toEqual(['a']);
  });

  test('read and delete with another key are 404', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    expect((await container.item('1', 'b').read()).statusCode).toBe(404);
    expect(await statusOf(container.item('1', 'b').delete())).toBe(404);
    expect((await container.item('1', 'a').read()).statusCode).toBe(200);
  });

  test('an id and a key that look alike when joined do not collide', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: 'x', tenant: 'a:id:b' });
    await container.items.create({ id: 'b:id:x', tenant: 'a' });
    expect(await found(container, 'SELECT * FROM c')).toHaveLength(2);
  });

  test('the key may be empty, a number, a boolean, null or missing, and these are different partitions', async () => {
    const container = await cosmos.container();
    for (const tenant of ['', 5, '5', true, null]) expect(await statusOf(container.items.create({ id: '1', tenant }))).toBe(201);
    expect(await statusOf(container.items.create({ id: '1' }))).toBe(201);
    expect((await container.item('1', 5).read()).resource?.tenant).toBe(5);
    expect((await container.item('1', '5').read()).resource?.tenant).toBe('5');
    expect((await container.item('1', null).read()).resource?.tenant).toBe(null);
    expect((await container.item('1', undefined).read()).resource).not.toHaveProperty('tenant');
  });

  test('a nested key path', async () => {
    const container = await cosmos.container({ partitionKey: { paths: ['/scope/tenant'] } });
    await container.items.create({ id: '1', scope: { tenant: 'a' } });
    expect((await container.item('1', 'a').read()).resource?.scope).toEqual({ tenant: 'a' });
  });

  test('replace and patch cannot move an item to another partition', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    expect(await statusOf(container.item('1', 'a').replace({ id: '1', tenant: 'b' }))).toBe(400);
    expect(await statusOf(container.item('1', 'a').patch([{ op: 'set', path: '/tenant', value: 'b' }]))).toBe(400);
    expect((await container.item('1', 'a').read()).resource?.tenant).toBe('a');
  });

  test('all items of one partition can be deleted at once', async () => {
    const container = await cosmos.container();
    for (const tenant of ['a', 'b']) for (const id of ['1', '2']) await container.items.create({ id, tenant });
    expect(await statusOf(container.deleteAllItemsForPartitionKey('a'))).toBe(200);
    expect(await found(container, 'SELECT VALUE c.tenant FROM c')).toEqual(['b', 'b']);
  });
});

describe('hierarchical keys', () => {
  test('tell items apart by every level', async () => {
    const container = await cosmos.container(hierarchical);
    await container.items.create({ id: '1', tenant: 'a', user: 'u1' });
    expect(await statusOf(container.items.create({ id: '1', tenant: 'a', user: 'u2' }))).toBe(201);
    expect((await container.item('1', ['a', 'u1']).read()).resource?.user).toBe('u1');
    expect((await container.item('1', ['a', 'u3']).read()).statusCode).toBe(404);
  });

  test('a prefix covers what lies below it, and nothing that only starts alike', async () => {
    const container = await cosmos.container(hierarchical);
    await container.items.create({ id: '1', tenant: 'a', user: 'u1' });
    await container.items.create({ id: '2', tenant: 'a', user: 'u2' });
    await container.items.create({ id: '3', tenant: 'b', user: 'u2' });
    await container.items.create({ id: '4', tenant: 'ab', user: 'u2' });
    const { resources } = await container.items.query('SELECT VALUE c.id FROM c', { partitionKey: ['a'] }).fetchAll();
    expect(resources).toEqual(['1', '2']);
    expect(await found(container, "SELECT VALUE c.id FROM c WHERE c.tenant = 'a'")).toEqual(['1', '2']);
    expect(await found(container, "SELECT VALUE c.id FROM c WHERE c.user = 'u2' AND c.tenant = 'a'")).toEqual(['2']);
  });
});
