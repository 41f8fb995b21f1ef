import type { UserIndex } from './user-index.ts';

export type UserIndexes = ReturnType<typeof createUserIndexes>;

/**
 * The search indexes that this process holds, by partition: the least recently used go when they take more than `maxBytes` together.
 * Only a cache: each is brought up to date by whoever uses it.
 */
export function createUserIndexes(maxBytes: number) {
  const held = new Map<string, UserIndex>();
  const loading = new Map<string, Promise<UserIndex>>();

  function keep(partition: string, index: UserIndex): void {
    held.delete(partition);
    held.set(partition, index);
    let total = [...held.values()].reduce((sum, { corpus }) => sum + corpus.bytes(), 0);
    for (const [oldest, { corpus }] of held) {
      if (total <= maxBytes || oldest === partition) break;
      held.delete(oldest);
      total -= corpus.bytes();
    }
  }

  return {
    /** The index of a partition, if it is held; it counts as used. */
    get(partition: string): UserIndex | undefined {
      const index = held.get(partition);
      if (index) keep(partition, index);
      return index;
    },
    /** Loads an index, once for all who ask while that goes on; `joined` when the reading had begun before this call. */
    async load(partition: string, read: () => Promise<UserIndex>): Promise<{ index: UserIndex; joined: boolean }> {
      const running = loading.get(partition);
      if (running) return { index: await running, joined: true };
      const started = read()
        .then((index) => {
          keep(partition, index);
          return index;
        })
        .finally(() => loading.delete(partition));
      loading.set(partition, started);
      return { index: await started, joined: false };
    },
    drop: (partition: string): boolean => held.delete(partition),
  };
}
