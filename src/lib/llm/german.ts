import type { Draft } from './drafts.ts';

/** What one German sentence states about its speaker. */
export function germanDrafts(_sentence: string): Draft[] {
  return [];
}
