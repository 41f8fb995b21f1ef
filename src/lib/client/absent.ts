import { KeepsakeError } from './errors.ts';

/** Whether what a HEAD asks for is there; anything but a 404 is thrown. */
export const isThere = (head: Promise<unknown>): Promise<boolean> =>
  head.then(
    () => true,
    (error: unknown) => {
      if (error instanceof KeepsakeError && error.status === 404) return false;
      throw error;
    },
  );

/** What was asked for; where it is not there the fallback, if one was given. A fallback may be undefined. */
export async function orFallback<T>(asked: Promise<T>, fallback: [T?], absent: readonly (typeof KeepsakeError)[]): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (fallback.length > 0 && absent.some((Kind) => error instanceof Kind)) return fallback[0] as T;
    throw error;
  }
}
