import type { Container, SqlQuerySpec } from '@azure/cosmos';
import { beforeAll, describe, expect, test } from 'vitest';
import { cosmosStand } from './stand.ts';

const KINDS = ['a', 'm', 'v', 'x'];
const EACH = 300;
const HOUR = 3_600_000;

let now = Date.UTC(2026, 0, 1);
const cosmos = cosmosStand({ now: () => now });
let container: Container;
let changedAt: number;

const id = (kind: string, n: number): string => `${kind}|${String(n).padStart(4, '0')}`;

beforeAll(async () => {
  container = await cosmos.container({ partitionKey: { paths: ['/pk'] } });
  for (const pk of ['p1', 'p2']) {
    for (const kind of KINDS) {
      const operations = Array.from({ length: EACH }, (_, n) => ({
        operationType: 'Create' as const,
        resourceBody: { id: id(kind, n), pk, n },
      }));
      for (let from = 0; from < EACH; from += 100) await container.items.batch(operations.slice(from, from + 100), pk);
    }
  }
  now += HOUR;
  changedAt = now / 1000;
  for (const kind of KINDS) for (const n of [7, 8]) await container.items.upsert({ id: id(kind, n), pk: 'p1', n });
});

/** What a query finds and how many documents were looked at to find it, over all pages. */
async function looked(query: string, parameters: Record<string, string | number | string[]> = {}, maxItemCount = 100) {
  const spec: SqlQuerySpec = { query, parameters: Object.entries(parameters).map(([name, value]) => ({ name: `@${name}`, value })) };
  const pages = container.items.query<string>(spec, { maxItemCount, populateQueryMetrics: true });
  const ids: string[] = [];
  let documents = 0;
  while (pages.hasMoreResults()) {
    const page = await pages.fetchNext();
    ids.push(...(page.resources ?? []));
    const metrics = Object.values((page.queryMetrics ?? {}) as unknown as Record<string, { retrievedDocumentCount: number }>);
    documents += metrics.reduce((sum, one) => sum + one.retrievedDocumentCount, 0);
  }
  return { ids, documents };
}

describe('a query looks at no more than its text allows', () => {
  test('the documents of one partition that changed since a time', async () => {
    const { ids, documents } = await looked('SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND c._ts >= @since', { since: changedAt });
    expect(ids).toEqual(KINDS.flatMap((kind) => [id(kind, 7), id(kind, 8)]));
    expect(documents).toBe(8);
  });

  test('of certain kinds', async () => {
    const text = 'SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND c._ts >= @since AND (STARTSWITH(c.id, "m|") OR STARTSWITH(c.id, @kind))';
    const { ids, documents } = await looked(text, { since: changedAt, kind: 'x|' });
    expect(ids).toEqual([id('m', 7), id('m', 8), id('x', 7), id('x', 8)]);
    expect(documents).toBe(4);
  });

  test('changed, or of a certain kind; each once', async () => {
    const text = 'SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND (c._ts >= @since OR STARTSWITH(c.id, "m|"))';
    const { ids, documents } = await looked(text, { since: changedAt }, 1000);
    expect(ids).toHaveLength(EACH + 6);
    expect(new Set(ids).size).toBe(EACH + 6);
    expect(documents).toBe(EACH + 6);
  });

  test('none when nothing changed', async () => {
    const { ids, documents } = await looked('SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND c._ts > @since', { since: changedAt + 1 });
    expect({ ids, documents }).toEqual({ ids: [], documents: 0 });
  });

  test.each([
    ['IN', 'c.id IN ("m|0003", "a|0001", "a|0001", "gone")'],
    ['ARRAY_CONTAINS', 'ARRAY_CONTAINS(@ids, c.id)'],
    ['ARRAY_CONTAINS of a kind', 'STARTSWITH(c.id, "a|") AND ARRAY_CONTAINS(@ids, c.id) OR c.id = "m|0003"'],
  ])('named documents: %s', async (_, condition) => {
    const text = `SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND (${condition})`;
    const { ids, documents } = await looked(text, { ids: ['m|0003', 'a|0001', 'gone'] });
    expect({ ids, documents }).toEqual({ ids: ['a|0001', 'm|0003'], documents: 2 });
  });

  test('an order does not widen it', async () => {
    const text = 'SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND c._ts >= @since AND STARTSWITH(c.id, "v|") ORDER BY c.n DESC';
    expect(await looked(text, { since: changedAt })).toEqual({ ids: [id('v', 8), id('v', 7)], documents: 2 });
  });
});

describe('narrowing changes no answer', () => {
  test.each([
    ['NOT', 'NOT (c._ts >= @since)', 4 * EACH - 8],
    ['an upper bound', 'c._ts < @since', 4 * EACH - 8],
    ['both bounds', 'c._ts BETWEEN @since AND @since', 8],
    ['everything', 'c._ts >= 0', 4 * EACH],
    ['OR with another property', 'c._ts >= @since OR c.n = 1', 12],
    ['an id of another type', 'c.id IN (1, "a|0001")', 1],
    ['an empty list', 'ARRAY_CONTAINS([], c.id)', 0],
    ['not in', 'c.id NOT IN ("a|0001")', 4 * EACH - 1],
  ])('%s', async (_, condition, count) => {
    const { ids } = await looked(`SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND (${condition})`, { since: changedAt });
    expect(ids).toHaveLength(count);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  test('a range of ids without a partition goes through all of them', async () => {
    const { ids } = await looked('SELECT VALUE c.id FROM c WHERE c.id IN ("a|0001", "x|0001")');
    expect(ids).toEqual(['a|0001', 'x|0001', 'a|0001', 'x|0001']);
  });

  test('pages of one document each', async () => {
    const { ids } = await looked('SELECT VALUE c.id FROM c WHERE c.pk = "p1" AND c._ts >= @since', { since: changedAt }, 1);
    expect(ids).toEqual(KINDS.flatMap((kind) => [id(kind, 7), id(kind, 8)]));
  });
});
