import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 15;

interface Wait {
  timeoutMs?: number;
  /** What is awaited, for the error. */
  what: string;
}

/**
 * Polls until the predicate gives something truthy, and returns it. A throwing predicate counts as "not yet".
 * Rejects after `timeoutMs` (10 s) with what was awaited and the last thing seen.
 */
export async function waitFor<T>(predicate: () => T | Promise<T>, { timeoutMs = 10_000, what }: Wait): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await predicate();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(POLL_MS);
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}; last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}
