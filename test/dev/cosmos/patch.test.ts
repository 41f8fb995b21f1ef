import type { PatchOperation } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { cosmosStand, statusOf } from './stand.ts';

const cosmos = cosmosStand();

async function patched(before: Record<string, unknown>, operations: PatchOperation[]): Promise<Record<string, unknown>> {
  const container = await cosmos.container();
  await container.items.create({ ...before, id: '1', tenant: 'a' });
  const { resource } = await container.item('1', 'a').patch(operations);
  const { resource: reread } = await container.item('1', 'a').read();
  expect(reread).toEqual(resource);
  return Object.fromEntries(Object.entries(reread ?? {}).filter(([name]) => !name.startsWith('_') && name !== 'id' && name !== 'tenant'));
}

describe('patch', () => {
  test('set, incr, add and remove', async () => {
    const operations: PatchOperation[] = [
      { op: 'incr', path: '/n', value: 2 },
      { op: 'set', path: '/x', value: { y: 2 } },
      { op: 'add', path: '/l/-', value: 2 },
      { op: 'remove', path: '/z' },
    ];
    expect(await patched({ n: 1, z: 1, l: [1] }, operations)).toEqual({ n: 3, x: { y: 2 }, l: [1, 2] });
  });

  test('add inserts into an array, set and replace overwrite, remove closes the gap', async () => {
    const operations: PatchOperation[] = [
      { op: 'add', path: '/l/0', value: 'first' },
      { op: 'set', path: '/l/1', value: 'B' },
      { op: 'replace', path: '/l/2', value: 'C' },
      { op: 'remove', path: '/l/3' },
    ];
    expect(await patched({ l: ['b', 'c', 'd', 'e'] }, operations)).toEqual({ l: ['first', 'B', 'C', 'e'] });
  });

  test('incr starts from nothing and counts down', async () => {
    const operations: PatchOperation[] = [
      { op: 'incr', path: '/fresh', value: 1 },
      { op: 'incr', path: '/n', value: -1.5 },
    ];
    expect(await patched({ n: 1 }, operations)).toEqual({ fresh: 1, n: -0.5 });
  });

  test('move, escaped names, and a property called __proto__', async () => {
    const operations = [
      { op: 'move', from: '/a', path: '/b/c' },
      { op: 'set', path: '/x~1y', value: 1 },
      { op: 'set', path: '/b/__proto__', value: { polluted: true } },
    ] as PatchOperation[];
    const after = await patched({ a: 7, b: {} }, operations);
    expect(JSON.stringify(after)).toBe('{"b":{"c":7,"__proto__":{"polluted":true}},"x/y":1}');
  });

  test('a failing operation is 400 and leaves the document as it was', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', n: 1, s: 'text' });
    const item = container.item('1', 'a');
    const bad: PatchOperation[][] = [
      [{ op: 'replace', path: '/missing', value: 1 }],
      [{ op: 'remove', path: '/missing' }],
      [{ op: 'incr', path: '/s', value: 1 }],
      [{ op: 'set', path: '/no/where', value: 1 }],
      [{ op: 'set', path: '/id', value: '2' }],
      [{ op: 'set', path: '/_etag', value: '2' }],
    ];
    for (const last of bad) expect(await statusOf(item.patch([{ op: 'set', path: '/n', value: 2 }, ...last]))).toBe(400);
    expect((await item.read()).resource?.n).toBe(1);
  });

  test('more than ten operations are 400, ten are not', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    const sets = (count: number): PatchOperation[] =>
      Array.from({ length: count }, (_, index) => ({ op: 'set', path: `/k${index}`, value: index }));
    expect(await statusOf(container.item('1', 'a').patch(sets(11)))).toBe(400);
    expect(await statusOf(container.item('1', 'a').patch(sets(10)))).toBe(200);
  });

  test('a missing document is 404', async () => {
    const container = await cosmos.container();
    expect(await statusOf(container.item('1', 'a').patch([{ op: 'set', path: '/n', value: 1 }]))).toBe(404);
  });
});

describe('patch conditions', () => {
  const operations: PatchOperation[] = [{ op: 'set', path: '/n', value: 1 }];

  test('that hold let the patch through; names and values are case-sensitive', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', Status: 'Open', last_seq: 3 });
    const item = container.item('1', 'a');
    expect(await statusOf(item.patch({ condition: "FROM c WHERE c.Status = 'Open'", operations }))).toBe(200);
    expect(await statusOf(item.patch({ condition: "from c where c.status = 'Open'", operations }))).toBe(412);
    expect(await statusOf(item.patch({ condition: 'FROM c WHERE c.last_seq = 3 AND NOT IS_DEFINED(c.ended_at)', operations }))).toBe(200);
  });

  test('that do not hold are 412 and change nothing', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', last_seq: 3 });
    const item = container.item('1', 'a');
    expect(await statusOf(item.patch({ condition: 'FROM c WHERE c.last_seq = 4', operations }))).toBe(412);
    expect(await statusOf(item.patch({ condition: 'FROM c WHERE c.missing = 4', operations }))).toBe(412);
    expect((await item.read()).resource).not.toHaveProperty('n');
  });

  test('of another form are 400', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a' });
    for (const condition of ['WHERE c.n = 1', 'FROM c', 'c.n = 1']) {
      expect(await statusOf(container.item('1', 'a').patch({ condition, operations }))).toBe(400);
    }
  });
});
