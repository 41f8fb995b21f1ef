import fc from 'fast-check';

export const CLIENTS = 3;

/** What may happen to two items that three instances use. */
const client = fc.integer({ min: 0, max: CLIENTS - 1 });
const key = fc.integer({ min: 0, max: 1 });
const tier = fc.constantFrom('hot' as const, 'warm' as const, 'cold' as const);
const death = fc.option(fc.record({ at: fc.integer({ min: 1, max: 7 }), mode: fc.constantFrom('before' as const, 'after' as const) }), {
  freq: 6,
});
const put = fc.record({
  do: fc.constant('put' as const),
  ...{ client, key, tier, death },
  ttl: fc.constantFrom(undefined, undefined, 5, 90, 4000),
  through: fc.boolean(),
  when: fc.constantFrom('always' as const, 'always' as const, 'new' as const, 'there' as const),
});
const remove = fc.record({ do: fc.constant('delete' as const), client, key, death });
const read = fc.record({ do: fc.constant('read' as const), client, key, only: fc.option(tier, { freq: 4 }), death: fc.constant(null) });
export const operation = fc.oneof({ weight: 5, arbitrary: put }, { weight: 2, arbitrary: remove }, { weight: 6, arbitrary: read });
export const step = fc.oneof(
  { weight: 12, arbitrary: operation },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('together' as const),
      all: fc.array(operation, { minLength: 2, maxLength: 4 }),
      late: fc.array(fc.array(fc.constantFrom(0, 0, 3, 10), { maxLength: 6 }), { minLength: CLIENTS, maxLength: CLIENTS }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('race' as const), reader: client, write: fc.oneof(put, remove), late: fc.constantFrom(10, 30) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('duel' as const),
      first: fc.oneof(put, remove),
      second: fc.oneof(put, remove),
      late: fc.constantFrom<number[]>([0, 0, 30], [0, 0, 0, 30], [0, 30], [30]),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      write: fc.oneof(put, remove),
      part: fc.constantFrom('redis' as const, 'cosmos' as const, 'blob' as const),
      health: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('many' as const), client }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('health' as const),
      client,
      part: fc.constantFrom('redis' as const, 'cosmos' as const, 'blob' as const),
      health: fc.constantFrom('up' as const, 'up' as const, 'before' as const, 'after' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 4, 30, 61, 100, 5000, 200_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('age' as const), client, key }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
