import type { Container, FeedOptions, QueryIterator } from '@azure/cosmos';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

const two = (n: number): string => String(n).padStart(2, '0');

async function filled(count: number): Promise<Container> {
  const container = await cosmos.container();
  for (let n = 0; n < count; n += 1) await container.items.create({ id: two(n), tenant: 'a', n, even: n % 2 === 0 });
  return container;
}

async function pagesOf<T>(iterator: QueryIterator<T>): Promise<T[][]> {
  const pages: T[][] = [];
  while (iterator.hasMoreResults()) {
    const { resources } = await iterator.fetchNext();
    if (resources?.length) pages.push(resources);
  }
  return pages;
}

describe('paging', () => {
  test('25 documents by ten are three pages', async () => {
    const container = await filled(25);
    const pages = await pagesOf(container.items.query('SELECT VALUE c.n FROM c', { maxItemCount: 10 }));
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(new Set(pages.flat()).size).toBe(25);
  });

  test.each([
    ['SELECT VALUE c.n FROM c ORDER BY c.n DESC', Array.from({ length: 25 }, (_, index) => 24 - index)],
    ['SELECT TOP 7 VALUE c.n FROM c ORDER BY c.n', [0, 1, 2, 3, 4, 5, 6]],
    ['SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 5 LIMIT 6', [5, 6, 7, 8, 9, 10]],
    ['SELECT DISTINCT VALUE c.even FROM c', [true, false]],
    ['SELECT VALUE x FROM c JOIN x IN [c.n, c.n] WHERE c.n < 4', [0, 0, 1, 1, 2, 2, 3, 3]],
    [
      'SELECT c.even, COUNT(1) AS n FROM c GROUP BY c.even',
      [
        { even: true, n: 13 },
        { even: false, n: 12 },
      ],
    ],
  ])('%s is the same by pages of three', async (query, expected) => {
    const container = await filled(25);
    const pages = await pagesOf(container.items.query(query, { maxItemCount: 3, partitionKey: 'a' }));
    expect(pages.flat()).toEqual(expected);
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(3);
  });

  test('a continuation token goes on where the page ended', async () => {
    const container = await filled(25);
    const options: FeedOptions = { maxItemCount: 10, partitionKey: 'a' };
    const { continuationToken, resources } = await container.items.query('SELECT VALUE c.n FROM c', options).fetchNext();
    const rest = await container.items.query('SELECT VALUE c.n FROM c', { ...options, maxItemCount: 100, continuationToken }).fetchAll();
    expect([...resources, ...rest.resources].sort((left, right) => left - right)).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  test.each(['SELECT VALUE c.id FROM c', 'SELECT VALUE c.id FROM c ORDER BY c.n DESC'])(
    'deleting each page of %s leaves nothing',
    async (query) => {
      const container = await filled(25);
      const iterator = container.items.query<string>(query, { maxItemCount: 4, partitionKey: 'a' });
      while (iterator.hasMoreResults()) {
        const { resources } = await iterator.fetchNext();
        for (const id of resources ?? []) await container.item(id, 'a').delete();
      }
      expect(await found(container, 'SELECT * FROM c')).toEqual([]);
    },
  );

  test('whatever the data, order and page size, pages joined are the whole result', async () => {
    const container = await cosmos.container();
    const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('', 'a', 'b'), fc.constant(null), fc.boolean());
    const documents = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-cé]{1,3}$/), n: value }), {
      selector: ({ id }) => id,
      maxLength: 15,
    });
    const direction = fc.constantFrom('', ' ORDER BY c.n', ' ORDER BY c.n DESC');
    let tenant = 0;
    await fc.assert(
      fc.asyncProperty(documents, direction, fc.integer({ min: 1, max: 6 }), async (batch, order, maxItemCount) => {
        tenant += 1;
        const partitionKey = `t${tenant}`;
        for (const document of batch) await container.items.create({ ...document, tenant: partitionKey });
        const query = `SELECT VALUE c.id FROM c${order}`;
        const whole = (await container.items.query(query, { partitionKey }).fetchAll()).resources;
        const pages = await pagesOf(container.items.query(query, { partitionKey, maxItemCount }));
        expect(pages.flat()).toEqual(whole);
        expect([...whole].sort()).toEqual(batch.map(({ id }) => id).sort());
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  test('a page holds at most 4 MB', async () => {
    const container = await cosmos.container();
    for (let n = 0; n < 5; n += 1) await container.items.create({ id: two(n), tenant: 'a', text: 'x'.repeat(1_500_000) });
    const pages = await pagesOf(container.items.query('SELECT * FROM c', { partitionKey: 'a' }));
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
  });

  test('forced plans and query control give the same results', async () => {
    const container = await filled(12);
    const expected = Array.from({ length: 12 }, (_, n) => 11 - n);
    for (const options of [{ forceQueryPlan: true }, { enableQueryControl: true, maxItemCount: 5 }] as FeedOptions[]) {
      const pages = await pagesOf(container.items.query('SELECT VALUE c.n FROM c ORDER BY c.n DESC', options));
      expect(pages.flat()).toEqual(expected);
    }
    expect((await container.items.query('SELECT VALUE COUNT(1) FROM c', { forceQueryPlan: true }).fetchAll()).resources).toEqual([12]);
  });

  test('readAll pages too', async () => {
    const container = await filled(7);
    const pages = await pagesOf(container.items.readAll({ maxItemCount: 3 }));
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
  });

  test('a token that is not ours is 400', async () => {
    const container = await filled(1);
    const options = { partitionKey: 'a', continuationToken: 'made up' };
    expect(await statusOf(container.items.query('SELECT * FROM c', options).fetchNext() as never)).toBe(400);
  });
});

describe('the change feed', () => {
  test('gives what changed since, latest version once, then 304', async () => {
    const container = await cosmos.container();
    const { ChangeFeedStartFrom, StatusCodes } = await import('@azure/cosmos');
    const iterator = container.items.getChangeFeedIterator<{ id: string; n?: number }>({
      changeFeedStartFrom: ChangeFeedStartFrom.Beginning(),
    });
    await container.items.create({ id: '1', tenant: 'a', n: 1 });
    await container.items.create({ id: '2', tenant: 'b' });
    await container.items.upsert({ id: '1', tenant: 'a', n: 2 });
    const first = await iterator.readNext();
    expect(first.result.map(({ id, n }) => ({ id, n }))).toEqual([{ id: '2' }, { id: '1', n: 2 }]);
    expect((await iterator.readNext()).statusCode).toBe(StatusCodes.NotModified);
    await container.items.create({ id: '3', tenant: 'a' });
    expect((await iterator.readNext()).result.map(({ id }) => id)).toEqual(['3']);
  });

  test('of one partition key', async () => {
    const container = await cosmos.container();
    const { ChangeFeedStartFrom } = await import('@azure/cosmos');
    await container.items.create({ id: '1', tenant: 'a' });
    await container.items.create({ id: '2', tenant: 'b' });
    const iterator = container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Beginning('b') });
    expect((await iterator.readNext()).result.map(({ id }) => id)).toEqual(['2']);
  });
});
