import { BulkOperationType, type OperationInput } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { signedPost } from './signed.ts';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

const create = (id: string, more = {}): OperationInput => ({
  operationType: BulkOperationType.Create,
  resourceBody: { id, tenant: 'a', ...more },
});

describe('an atomic batch', () => {
  test('commits every kind of operation together', async () => {
    const container = await cosmos.container();
    for (const id of ['replaced', 'patched', 'deleted', 'read']) await container.items.create({ id, tenant: 'a', n: 1 });
    const { code, result } = await container.items.batch(
      [
        create('created'),
        { operationType: 'Upsert', resourceBody: { id: 'upserted', tenant: 'a' } },
        { operationType: 'Replace', id: 'replaced', resourceBody: { id: 'replaced', tenant: 'a', n: 2 } },
        { operationType: 'Patch', id: 'patched', resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1 }] } },
        { operationType: 'Delete', id: 'deleted' },
        { operationType: 'Read', id: 'read' },
      ],
      'a',
    );
    expect(code).toBe(200);
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([201, 201, 200, 200, 204, 200]);
    expect(result?.at(-1)?.resourceBody).toMatchObject({ id: 'read', n: 1 });
    expect(result?.[0]?.eTag).toMatch(/^".+"$/);
    expect(await found(container, 'SELECT c.id, c.n FROM c')).toEqual([
      { id: 'created' },
      { id: 'patched', n: 2 },
      { id: 'read', n: 1 },
      { id: 'replaced', n: 2 },
      { id: 'upserted' },
    ]);
  });

  test('sees its own earlier writes', async () => {
    const container = await cosmos.container();
    const { code } = await container.items.batch(
      [create('1', { n: 1 }), { operationType: 'Patch', id: '1', resourceBody: [{ op: 'incr', path: '/n', value: 1 }] }],
      'a',
    );
    expect(code).toBe(200);
    expect((await container.item('1', 'a').read()).resource?.n).toBe(2);
  });

  test('is undone as a whole; the culprit has its own status and all others 424', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: 'taken', tenant: 'a', n: 1 });
    await container.items.create({ id: 'kept', tenant: 'a', n: 1 });
    const { code, result } = await container.items.batch(
      [create('new'), { operationType: 'Delete', id: 'kept' }, create('taken'), create('later')],
      'a',
    );
    expect(code).toBe(207);
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([424, 424, 409, 424]);
    expect(await found(container, 'SELECT VALUE c.id FROM c')).toEqual(['kept', 'taken']);
  });

  test.each([
    [
      'a patch condition that fails',
      412,
      {
        operationType: 'Patch',
        id: '1',
        resourceBody: { condition: 'FROM c WHERE c.n = 9', operations: [{ op: 'set', path: '/n', value: 2 }] },
      },
    ],
    ['a stale etag', 412, { operationType: 'Replace', id: '1', ifMatch: '"stale"', resourceBody: { id: '1', tenant: 'a' } }],
    ['a missing document', 404, { operationType: 'Read', id: 'nope' }],
    [
      'a patch that cannot be applied',
      400,
      { operationType: 'Patch', id: '1', resourceBody: { operations: [{ op: 'remove', path: '/nope' }] } },
    ],
  ] as [string, number, OperationInput][])('%s is the culprit with %i', async (_, status, operation) => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', n: 1 });
    const { code, result } = await container.items.batch([create('2'), operation], 'a');
    expect({ code, statuses: result?.map(({ statusCode }) => statusCode) }).toEqual({ code: 207, statuses: [424, status] });
    expect(await found(container, 'SELECT VALUE c.id FROM c')).toEqual(['1']);
  });

  test('a document of another partition is the culprit with 400, sub-status 1001', async () => {
    const container = await cosmos.container();
    const { result } = await container.items.batch([create('1'), create('2', { tenant: 'b' })], 'a');
    expect(result?.[1]).toMatchObject({ statusCode: 400, subStatusCode: 1001 });
    expect(await found(container, 'SELECT * FROM c')).toEqual([]);
  });

  test('of 100 operations commits, of 101 is 400', async () => {
    const container = await cosmos.container();
    const operations = Array.from({ length: 101 }, (_, index) => create(String(index)));
    const batch = { 'x-ms-cosmos-is-batch-request': 'true', 'x-ms-cosmos-batch-atomic': 'true', 'x-ms-documentdb-partitionkey': '["a"]' };
    const refused = await signedPost(cosmos.server, `dbs/db/colls/${container.id}/docs`, { headers: batch, body: operations });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('more operations than what is supported');
    expect((await container.items.batch(operations.slice(1), 'a')).code).toBe(200);
    expect(await found(container, 'SELECT VALUE COUNT(1) FROM c')).toEqual([100]);
  });

  test('of more than 2 MB is 413 and stores nothing', async () => {
    const container = await cosmos.container();
    const big = 'x'.repeat(1_100_000);
    expect(await statusOf(container.items.batch([create('1', { big }), create('2', { big })], 'a'))).toBe(413);
    expect(await found(container, 'SELECT * FROM c')).toEqual([]);
  });
});

describe('bulk', () => {
  test('50 creates', async () => {
    const container = await cosmos.container();
    const operations = Array.from({ length: 50 }, (_, index) => ({ ...create(String(index)), partitionKey: 'a' })) as OperationInput[];
    const answers = await container.items.bulk(operations);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(201));
    expect(await found(container, 'SELECT VALUE COUNT(1) FROM c')).toEqual([50]);
  });

  test('executeBulkOperations', async () => {
    const container = await cosmos.container();
    const operations = Array.from({ length: 20 }, (_, index) => ({ ...create(String(index)), partitionKey: 'a' })) as OperationInput[];
    const answers = await container.items.executeBulkOperations(operations);
    expect(answers.map(({ response }) => response?.statusCode)).toEqual(Array(20).fill(201));
  });

  test('a patch, and one failure that does not stop the others', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', n: 1 });
    const increment: OperationInput = {
      operationType: 'Patch',
      id: '1',
      partitionKey: 'a',
      resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1 }] },
    };
    const answers = await container.items.bulk([increment, { ...create('1'), partitionKey: 'a' } as OperationInput, increment]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 409, 200]);
    expect((await container.item('1', 'a').read()).resource?.n).toBe(3);
  });
});
