import { coldTier, createMemory, hotTier, type ItemMemory, type MemoryOptions, warmTier } from '../../src/lib/embedded/memory.ts';
import type { Stack } from '../support/stack.ts';

export type Three = ItemMemory<'hot' | 'warm' | 'cold'>;

/** A memory in this process, on the same tiers as the apps of a stack. */
export function openOwn({ env }: Stack, { settings = {}, ...options }: MemoryOptions = {}): Three {
  const all = { ...env, ...settings };
  return createMemory({ hot: hotTier(all), warm: warmTier(all), cold: coldTier(all) }, { settings: all, ...options });
}
