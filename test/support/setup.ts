import type { TestProject } from 'vitest/node';
import { startAzurite } from '../../dev/azurite/start.ts';
import { build } from '../../dev/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the Azurite that all test files share; each uses names of its own. */
    storage: string;
  }
}

/** Once for all test files: the bundle, and one Azurite in memory. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [azurite] = await Promise.all([startAzurite(), build()]);
  provide('storage', azurite.connectionString);
  return () => azurite.stop();
}
