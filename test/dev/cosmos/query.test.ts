import type { Container } from '@azure/cosmos';
import { describe, expect, test } from 'vitest';
import { cosmosStand, found, statusOf } from './stand.ts';

const cosmos = cosmosStand();

/** A container with documents 1 to `count`, `n` their number and `k` its parity. */
async function numbered(count: number): Promise<Container> {
  const container = await cosmos.container();
  for (let n = 1; n <= count; n += 1) await container.items.create({ id: `${n}`, tenant: 'a', n, k: n % 2, s: `item${n}` });
  return container;
}

describe('queries', () => {
  test('parameters and ORDER BY', async () => {
    const container = await numbered(3);
    const query = { query: 'SELECT c.n FROM c WHERE c.n >= @n ORDER BY c.n DESC', parameters: [{ name: '@n', value: 2 }] };
    expect((await container.items.query(query).fetchAll()).resources).toEqual([{ n: 3 }, { n: 2 }]);
  });

  test('aggregates, also over nothing', async () => {
    const container = await numbered(4);
    for (const [call, value] of Object.entries({
      'COUNT(1)': 4,
      'SUM(c.n)': 10,
      'AVG(c.n)': 2.5,
      'MIN(c.s)': 'item1',
      'MAX(c.n)': 4,
      'COUNT(c.x)': 0,
    })) {
      expect(await found(container, `SELECT VALUE ${call} FROM c`)).toEqual([value]);
    }
    expect(await found(container, 'SELECT VALUE COUNT(1) FROM c WHERE c.n > 9')).toEqual([0]);
    expect(await found(container, 'SELECT VALUE SUM(c.s) FROM c')).toEqual([]);
    expect(await found(container, 'SELECT COUNT(1) AS all, MAX(c.n) - MIN(c.n) AS span FROM c')).toEqual([{ all: 4, span: 3 }]);
  });

  test('GROUP BY', async () => {
    const container = await numbered(3);
    const groups = await found(container, 'SELECT c.k, COUNT(1) AS n, SUM(c.n) AS sum FROM c GROUP BY c.k');
    expect(groups).toHaveLength(2);
    expect(groups).toEqual(
      expect.arrayContaining([
        { k: 1, n: 2, sum: 4 },
        { k: 0, n: 1, sum: 2 },
      ]),
    );
    expect(await statusOf(container.items.query('SELECT c.k, c.n FROM c GROUP BY c.k').fetchAll() as never)).toBe(400);
  });

  test('DISTINCT', async () => {
    const container = await numbered(3);
    expect(((await found<unknown>(container, 'SELECT DISTINCT VALUE c.k FROM c')) as number[]).sort()).toEqual([0, 1]);
    expect(await found(container, 'SELECT DISTINCT c.tenant FROM c')).toEqual([{ tenant: 'a' }]);
  });

  test('TOP, OFFSET and LIMIT, by number and by parameter', async () => {
    const container = await numbered(5);
    expect(await found(container, 'SELECT TOP 2 VALUE c.n FROM c ORDER BY c.n DESC')).toEqual([5, 4]);
    expect(await found(container, 'SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 1 LIMIT 2')).toEqual([2, 3]);
    expect(await found(container, 'SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 4 LIMIT 10')).toEqual([5]);
    expect(await found(container, 'SELECT TOP 0 * FROM c')).toEqual([]);
    const query = { query: 'SELECT TOP @top VALUE c.n FROM c ORDER BY c.n', parameters: [{ name: '@top', value: 2 }] };
    expect((await container.items.query(query).fetchAll()).resources).toEqual([1, 2]);
  });

  test('IN, BETWEEN and LIKE, and their negations', async () => {
    const container = await numbered(3);
    const numbers = (where: string) => found<unknown>(container, `SELECT VALUE c.n FROM c WHERE ${where}`);
    expect(await numbers('c.n IN (1, 2)')).toEqual([1, 2]);
    expect(await numbers('c.n NOT IN (1, 2)')).toEqual([3]);
    expect(await numbers('c.n BETWEEN 2 AND 3')).toEqual([2, 3]);
    expect(await numbers('c.n NOT BETWEEN 2 AND 3')).toEqual([1]);
    expect(await numbers("c.s LIKE '%m2'")).toEqual([2]);
    expect(await numbers("c.s LIKE 'item_' AND c.s NOT LIKE '%[2-3]'")).toEqual([1]);
    expect(await numbers("c.s LIKE 'ite!m%' ESCAPE '!'")).toEqual([1, 2, 3]);
  });

  test('array, type and text functions', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', tags: ['x', { n: 1, m: 2 }], o: 1, s: 'HeLLo' });
    await container.items.create({ id: '2', tenant: 'a', tags: ['y'], s: 'no' });
    for (const where of [
      "ARRAY_CONTAINS(c.tags, 'x')",
      'ARRAY_CONTAINS(c.tags, { n: 1 }, true)',
      'ARRAY_LENGTH(c.tags) = 2',
      'IS_DEFINED(c.o)',
      "CONTAINS(c.s, 'hello', true)",
      "STARTSWITH(c.s, 'he', true)",
      "STRINGEQUALS(c.s, 'HELLO', true)",
      "ENDSWITH(c.s, 'LLo')",
      "LOWER(c.s) = 'hello'",
      'LENGTH(c.s) > 2',
      "SUBSTRING(c.s, 0, 2) = 'He'",
      "REGEXMATCH(c.s, '^h', 'i')",
    ]) {
      expect({ where, ids: await found(container, `SELECT VALUE c.id FROM c WHERE ${where}`) }).toEqual({ where, ids: ['1'] });
    }
  });

  test('JOIN makes a row per element, nested too', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', tags: ['x', 'y'], lines: [{ parts: [1, 2] }, { parts: [3] }] });
    expect(await found(container, 'SELECT t AS tag FROM c JOIN t IN c.tags')).toEqual([{ tag: 'x' }, { tag: 'y' }]);
    expect(await found(container, 'SELECT VALUE p FROM c JOIN l IN c.lines JOIN p IN l.parts')).toEqual([1, 2, 3]);
    expect(await found(container, 'SELECT VALUE t FROM t IN c.tags')).toEqual(['x', 'y']);
    expect(
      await found(container, 'SELECT VALUE p FROM c JOIN p IN (SELECT VALUE q FROM l IN c.lines JOIN q IN l.parts WHERE q > 1)'),
    ).toEqual([2, 3]);
  });

  test('EXISTS, ARRAY and scalar subqueries', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', tags: [{ n: 'x' }, { n: 'y' }] });
    await container.items.create({ id: '2', tenant: 'a', tags: [] });
    expect(await found(container, "SELECT VALUE c.id FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t.n = 'x')")).toEqual(['1']);
    expect(await found(container, 'SELECT VALUE ARRAY(SELECT VALUE t.n FROM t IN c.tags) FROM c')).toEqual([['x', 'y'], []]);
    expect(await found(container, 'SELECT c.id, (SELECT VALUE COUNT(1) FROM t IN c.tags) AS tags FROM c')).toEqual([
      { id: '1', tags: 2 },
      { id: '2', tags: 0 },
    ]);
  });

  test('undefined and null are two things', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', d: null });
    await container.items.create({ id: '2', tenant: 'a', d: 1 });
    const ids = (where: string) => found(container, `SELECT VALUE c.id FROM c WHERE ${where}`);
    expect(await ids("(c.q ?? 'z') = 'z' AND IS_NULL(c.d)")).toEqual(['1']);
    expect(await ids('c.d = null')).toEqual(['1']);
    expect(await ids('c.q = null OR c.q != null')).toEqual([]);
    expect(await ids('NOT IS_DEFINED(c.q)')).toEqual(['1', '2']);
    expect(await found(container, 'SELECT c.q, c.d FROM c')).toEqual([{ d: null }, { d: 1 }]);
  });

  test('values of different types are neither equal nor unequal, as documented', async () => {
    const container = await numbered(2);
    for (const where of ["c.n = '1'", "c.n != '1'", "NOT (c.n = '1')", "c.n < 'x'"]) {
      expect({ where, rows: await found(container, `SELECT * FROM c WHERE ${where}`) }).toEqual({ where, rows: [] });
    }
  });

  test('projections: objects, arrays, arithmetic, conditions, names', async () => {
    const container = await numbered(1);
    const query = `SELECT c["s"] AS name, { "twice": c.n * 2, gone: c.x } AS o, [c.n, c.x, -c.n] AS list,
      c.n > 0 ? 'yes' : 'no' AS answer, c.s || '!' AS text, 1 + 1 FROM c`;
    expect(await found(container, query)).toEqual([
      { name: 'item1', o: { twice: 2 }, list: [1, -1], answer: 'yes', text: 'item1!', $1: 2 },
    ]);
    expect(await found(container, 'SELECT r.n FROM root r')).toEqual([{ n: 1 }]);
    expect(typeof (await found<unknown>(container, 'SELECT VALUE GetCurrentTimestamp() FROM c'))[0]).toBe('number');
  });

  test('without FROM there is one row', async () => {
    const container = await numbered(3);
    expect(await found(container, "SELECT VALUE 'a\\'b\\u0041\\n'")).toEqual(["a'bA\n"]);
    expect(await found(container, "SELECT 1 + 1 AS two, LEFT('text', 2) AS te")).toEqual([{ two: 2, te: 'te' }]);
  });

  test('ids bound a query: equality, ranges and prefixes', async () => {
    const container = await cosmos.container();
    for (const id of ['a|1', 'a|2', 'a|é', 'b|1', 'é']) await container.items.create({ id, tenant: 'a' });
    const ids = (where: string) => found(container, `SELECT VALUE c.id FROM c WHERE c.tenant = 'a' AND ${where}`);
    expect(await ids("c.id = 'a|2'")).toEqual(['a|2']);
    expect(await ids("STARTSWITH(c.id, 'a|')")).toEqual(['a|1', 'a|2', 'a|é']);
    expect(await ids("c.id > 'a|1' AND c.id < 'b|1'")).toEqual(['a|2', 'a|é']);
    expect(await ids("c.id BETWEEN 'a|2' AND 'b|1'")).toEqual(['a|2', 'a|é', 'b|1']);
    expect(await ids("c.id >= 'é'")).toEqual(['é']);
    expect(await ids("(c.id = 'a|1' OR c.id = 'b|1')")).toEqual(['a|1', 'b|1']);
    expect(await ids("c.id > 'a|1' AND c.id > 'a|2'")).toEqual(['a|é', 'b|1', 'é']);
  });

  test('syntax errors, unknown functions, unknown names and missing parameters are 400', async () => {
    const container = await numbered(1);
    for (const query of [
      'SELEC * FROM c',
      'SELECT * FROM c WHERE',
      'SELECT * FROM c WHERE c.n = #',
      'SELECT * FROM c WHERE NOPE(c.n)',
      'SELECT * FROM c WHERE d.n = 1',
      'SELECT * FROM c WHERE c.n = @missing',
      'SELECT * FROM c trailing words',
      'SELECT * FROM c JOIN t IN c.tags',
      'SELECT TOP -1 * FROM c',
    ]) {
      expect({ query, status: await statusOf(container.items.query(query).fetchAll() as never) }).toEqual({ query, status: 400 });
    }
  });

  test('what is not supported is refused by name', async () => {
    const container = await numbered(1);
    for (const [query, name] of [
      ["SELECT TOP 5 * FROM c ORDER BY RANK FullTextScore(c.s, 'x')", 'RANK'],
      ["SELECT FullTextScore(c.s, 'x') AS score FROM c", 'FULLTEXTSCORE'],
      ['SELECT udf.mine(c.n) FROM c', 'udf'],
      ["SELECT * FROM c WHERE ST_DISTANCE(c.p, { 'type': 'Point' }) < 5", 'ST_DISTANCE'],
    ] as const) {
      await expect(container.items.query(query).fetchAll()).rejects.toMatchObject({ code: 400, message: expect.stringContaining(name) });
    }
  });
});

describe('order and indexes', () => {
  const composite = [
    [
      { path: '/x', order: 'ascending' as const },
      { path: '/y', order: 'descending' as const },
    ],
  ];

  test('ORDER BY over several paths needs a composite index in these or all opposite directions', async () => {
    const container = await cosmos.container({ indexingPolicy: { compositeIndexes: composite } });
    for (const [x, y] of [
      [1, 1],
      [1, 2],
      [0, 5],
    ])
      await container.items.create({ id: `${x}${y}`, tenant: 'a', x, y });
    expect(await found(container, 'SELECT VALUE c.id FROM c ORDER BY c.x, c.y DESC')).toEqual(['05', '12', '11']);
    expect(await found(container, 'SELECT VALUE c.id FROM c ORDER BY c.x DESC, c.y')).toEqual(['11', '12', '05']);
    expect(await statusOf(container.items.query('SELECT * FROM c ORDER BY c.x, c.y').fetchAll() as never)).toBe(400);
    expect(await statusOf(container.items.query('SELECT * FROM c ORDER BY c.y DESC, c.x').fetchAll() as never)).toBe(400);
  });

  test('ORDER BY takes a path of the document and nothing computed', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', n: 1, address: { city: 'b' }, tags: [] });
    await container.items.create({ id: '2', tenant: 'a', n: 2, address: { city: 'a' }, tags: [] });
    expect(await found(container, 'SELECT VALUE c.id FROM c ORDER BY c.address.city')).toEqual(['2', '1']);
    for (const query of [
      'SELECT * FROM c ORDER BY c.n + 1',
      'SELECT VALUE t FROM c JOIN t IN c.tags ORDER BY t',
      'SELECT * FROM c ORDER BY LOWER(c.id)',
    ]) {
      expect(await statusOf(container.items.query(query).fetchAll() as never)).toBe(400);
    }
  });

  test('a path left out of the index can be filtered but not sorted', async () => {
    const indexingPolicy = { includedPaths: [{ path: '/kind/?' }], excludedPaths: [{ path: '/*' }] };
    const container = await cosmos.container({ indexingPolicy });
    await container.items.create({ id: '1', tenant: 'a', kind: 'b', n: 1 });
    await container.items.create({ id: '2', tenant: 'a', kind: 'a', n: 2 });
    expect(await found(container, 'SELECT VALUE c.id FROM c ORDER BY c.kind')).toEqual(['2', '1']);
    expect(await found(container, 'SELECT VALUE c.id FROM c WHERE c.n = 2')).toEqual(['2']);
    expect(await found(container, 'SELECT VALUE c.id FROM c ORDER BY c.id DESC')).toEqual(['2', '1']);
    expect(await statusOf(container.items.query('SELECT * FROM c ORDER BY c.n').fetchAll() as never)).toBe(400);
  });

  test('a document without the sort property is only there when the path is included by name', async () => {
    const named = await cosmos.container({ indexingPolicy: { includedPaths: [{ path: '/*' }, { path: '/n/?' }] } });
    const all = await cosmos.container();
    for (const container of [named, all]) {
      await container.items.create({ id: '1', tenant: 'a', n: 1 });
      await container.items.create({ id: '2', tenant: 'a' });
    }
    expect(await found(named, 'SELECT VALUE c.id FROM c ORDER BY c.n')).toEqual(['2', '1']);
    expect(await found(all, 'SELECT VALUE c.id FROM c ORDER BY c.n')).toEqual(['1']);
  });

  test('types sort as documented: null, booleans, numbers, strings', async () => {
    const container = await cosmos.container();
    for (const [index, n] of ['text', 5, null, true, -1, false].entries()) await container.items.create({ id: `${index}`, tenant: 'a', n });
    expect(await found(container, 'SELECT VALUE c.n FROM c ORDER BY c.n')).toEqual([null, false, true, -1, 5, 'text']);
  });
});

describe('search functions', () => {
  test('full-text predicates match whole words', async () => {
    const container = await cosmos.container();
    await container.items.create({ id: '1', tenant: 'a', s: 'a red bike' });
    await container.items.create({ id: '2', tenant: 'a', s: 'a biker' });
    const ids = (where: string) => found(container, `SELECT VALUE c.id FROM c WHERE ${where}`);
    expect(await ids("FullTextContains(c.s, 'bike')")).toEqual(['1']);
    expect(await ids("FullTextContainsAll(c.s, 'red', 'Bike')")).toEqual(['1']);
    expect(await ids("FullTextContainsAny(c.s, 'red', 'biker')")).toEqual(['1', '2']);
  });
});
