import { MemoryError } from '../errors.ts';
import type { ItemName } from './keys.ts';
import { manyAtOnce } from './many.ts';
import type { Parts } from './tier.ts';
import type { Got, Reader } from './tiered-read.ts';

/** What became of one of many: the item, nothing, or the error that kept it from being read. */
export type OneOfMany = { got: Got | undefined } | { error: unknown };

/** Reads many: the front tier in one step, the rest side by side, each for itself. */
export function createManyReader({ front }: Parts, { goOn }: Reader) {
  return {
    /** At most `mostBytes` together: what comes after that is an error body_too_large. */
    async getMany(names: readonly ItemName[], { only, mostBytes }: { only?: string; mostBytes: number }): Promise<OneOfMany[]> {
      let bytes = 0;
      const found = await front?.look(names);
      const asked = names.map((of, i) => ({ of, looked: found && { seen: found[i] } }));
      return manyAtOnce(asked, async ({ of, looked }) => {
        try {
          if (bytes > mostBytes) throw new MemoryError('body_too_large', `these items have more than ${mostBytes} bytes together`);
          const got = await goOn(of, { looked, only });
          bytes += got?.item.data.length ?? 0;
          return { got };
        } catch (error) {
          return { error };
        }
      });
    },
  };
}
