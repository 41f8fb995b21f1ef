import type { Container } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

const policyOf = (...vectorEmbeddings: object[]) => ({ vectorEmbeddingPolicy: { vectorEmbeddings } as never });
const plane = (distanceFunction: string) => policyOf({ path: '/e', dataType: 'float32', dimensions: 2, distanceFunction });
const POINTS = { east: [1, 0], north: [0, 1], northeast: [2, 2], odd: [1, 0, 0], none: undefined, text: 'east' };

async function filled(definition: object): Promise<Container> {
  const container = await cosmos.container(definition);
  for (const [id, e] of Object.entries(POINTS)) await container.items.create({ id, tenant: 'a', e });
  return container;
}

const nearest = (container: Container, rest = '', options = '') =>
  found<{ id: string; score?: number }>(
    container,
    `SELECT TOP 3 c.id, VectorDistance(c.e, [1, 0.1]${options}) AS score FROM c WHERE c.tenant = 'a' ORDER BY VectorDistance(c.e, [1, 0.1]${options})${rest}`,
  );

describe('VectorDistance', () => {
  test.each([
    ['cosine', ['east', 'northeast', 'north'], 0.995],
    ['dotproduct', ['northeast', 'east', 'north'], 2.2],
    ['euclidean', ['east', 'north', 'northeast'], 0.1],
  ])('takes %s from the policy and gives the most similar first', async (name, ids, best) => {
    const rows = await nearest(await filled(plane(name)));
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows[0]?.score).toBeCloseTo(best, 3);
  });

  test('takes it from its options instead, in any case', async () => {
    const options = ", true, {'distanceFunction': 'DotProduct', 'dataType': 'Float32', 'searchListSizeMultiplier': 10}";
    const rows = await nearest(await filled(plane('cosine')), '', options);
    expect(rows.map(({ id }) => id)).toEqual(['northeast', 'east', 'north']);
  });

  test('is undefined for what is no vector of those dimensions, and for a query vector of others', async () => {
    const container = await filled(plane('cosine'));
    const scored = await found<{ id: string; score?: number }>(container, 'SELECT c.id, VectorDistance(c.e, [1, 0]) AS score FROM c');
    expect(scored.filter(({ score }) => score === undefined).map(({ id }) => id)).toEqual(['none', 'odd', 'text']);
    const other = 'SELECT TOP 3 c.id FROM c ORDER BY VectorDistance(c.e, [1, 0, 0])';
    expect(await found(container, other)).toEqual([]);
  });

  test('needs no index: it scans the partition that the text names', async () => {
    const container = await filled(plane('cosine'));
    await container.items.create({ id: 'east', tenant: 'b', e: [1, 0] });
    const query = "SELECT TOP 9 c.id FROM c WHERE c.tenant = 'b' ORDER BY VectorDistance(c.e, [1, 0])";
    const { resources, requestCharge } = await container.items.query(query).fetchAll();
    expect(resources).toEqual([{ id: 'east' }]);
    expect(requestCharge).toBeLessThan(2.4);
  });

  test('as in the service, such a query loses its partition key option: only the predicate in the text isolates', async () => {
    const container = await cosmos.container(plane('cosine'));
    for (const tenant of ['a', 'b']) await container.items.create({ id: '1', tenant, e: [1, 0] });
    const byOption = 'SELECT TOP 5 c.tenant FROM c ORDER BY VectorDistance(c.e, [1, 0])';
    const byText = "SELECT TOP 5 c.tenant FROM c WHERE c.tenant = 'a' ORDER BY VectorDistance(c.e, [1, 0])";
    expect(await found(container, byOption, 'a')).toHaveLength(2);
    expect(await found(container, byText, 'a')).toEqual([{ tenant: 'a' }]);
  });

  test.each([
    ['a path without a policy', 'SELECT c.id, VectorDistance(c.f, [1, 0]) AS s FROM c'],
    ['no TOP', 'SELECT c.id FROM c ORDER BY VectorDistance(c.e, [1, 0])'],
    ['a direction', 'SELECT TOP 1 c.id FROM c ORDER BY VectorDistance(c.e, [1, 0]) DESC'],
    ['a second sort key', 'SELECT TOP 1 c.id FROM c ORDER BY VectorDistance(c.e, [1, 0]), c.id'],
    ['an unknown option', "SELECT c.id, VectorDistance(c.e, [1, 0], true, {'metric': 'cosine'}) AS s FROM c"],
    ['an unknown function', "SELECT c.id, VectorDistance(c.e, [1, 0], true, {'distanceFunction': 'manhattan'}) AS s FROM c"],
    ['one vector', 'SELECT c.id, VectorDistance(c.e) AS s FROM c'],
    ['a third argument that is no flag', 'SELECT c.id, VectorDistance(c.e, [1, 0], 1) AS s FROM c'],
  ])('is refused with %s', async (_, query) => {
    const container = await filled(plane('cosine'));
    expect(await statusOf(container.items.query(query).fetchAll() as never)).toBe(400);
  });
});

describe('a vector policy', () => {
  const e = { path: '/e', dataType: 'float32', distanceFunction: 'cosine', dimensions: 600 };
  test.each([
    ['two policies of a path', policyOf(e, e)],
    ['a path inside an array', policyOf({ ...e, path: '/e/[]/v' })],
    ['too many dimensions', policyOf({ ...e, dimensions: 4097 })],
    ['an unknown function', policyOf({ ...e, distanceFunction: 'hamming' })],
    ['an index without a policy', { indexingPolicy: { vectorIndexes: [{ path: '/e', type: 'diskANN' }] } }],
    ['a flat index of long vectors', { ...policyOf(e), indexingPolicy: { vectorIndexes: [{ path: '/e', type: 'flat' }] } }],
  ])('is refused with %s', async (_, definition) => {
    expect(await statusOf(cosmos.container(definition as never) as never)).toBe(400);
  });

  test('gains and loses paths, but keeps what it says of one', async () => {
    const container = await cosmos.container(policyOf(e));
    const replace = (...embeddings: object[]) =>
      statusOf(container.replace({ id: container.id, partitionKey: { paths: ['/tenant'] }, ...policyOf(...embeddings) }) as never);
    expect(await replace({ ...e, dimensions: 3 })).toBe(400);
    expect(await replace(e, { ...e, path: '/f', dimensions: 3 })).toBe(200);
    expect(await replace({ ...e, path: '/f', dimensions: 3 })).toBe(200);
    expect(await replace({ ...e, dimensions: 3 })).toBe(200);
  });
});
