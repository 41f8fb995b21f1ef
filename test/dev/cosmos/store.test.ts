import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../../dev/cosmos/store.ts';

const NOW = 1_000_000;

function filled(store: Store, count: number): void {
  store.atomically(() => {
    for (let n = 0; n < count; n += 1) {
      const ttl = n % 2 === 0 ? 60 : null;
      store.put(1, { partition: `["p${n % 1000}"]`, id: `${n}`, text: JSON.stringify({ n }), etag: '""', ts: NOW, ttl });
    }
  });
}

describe('the store', () => {
  test('prunes what has expired and nothing else', () => {
    const store = openStore();
    filled(store, 10);
    expect(store.prune(1, { defaultTtl: undefined, now: NOW + 99 })).toBe(0);
    expect(store.prune(1, { defaultTtl: -1, now: NOW + 59 })).toBe(0);
    expect(store.prune(1, { defaultTtl: -1, now: NOW + 60 })).toBe(5);
    expect([...store.scan(1, {})]).toHaveLength(5);
    expect(store.prune(1, { defaultTtl: 10, now: NOW + 10 })).toBe(5);
    store.close();
  });

  test('undoes a transaction that throws', () => {
    const store = openStore();
    const item = { partition: '["a"]', id: '1', text: '{}', etag: '""', ts: NOW, ttl: null };
    const failing = () =>
      store.atomically(() => {
        store.put(1, item);
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(store.get(1, item)).toBeUndefined();
    store.close();
  });

  test('a scan of one partition reads that partition only', () => {
    const store = openStore();
    filled(store, 5000);
    const ids = [...store.scan(1, { partition: '["p7"]', idFrom: '2', idTo: '4~' })].map(({ id }) => id);
    expect(ids).toEqual(['2007', '3007', '4007']);
    store.close();
  });
});
