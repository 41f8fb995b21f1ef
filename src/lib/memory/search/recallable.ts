import type { AppendRecord } from '../../model.ts';
import type { Forgotten } from '../../model-memory.ts';
import { createUnlearning } from '../facts/unlearn.ts';
import { termsOf, wordsOf } from './search-terms.ts';

/**
 * What a search may quote of a message: all of it, unless it was said before its user had something forgotten that it says. Then the
 * rest of it, as long as that still has a word of the query; undefined where it has none. The message itself stays as it was said.
 */
export function createRecallable(forgotten: Forgotten[], query: string) {
  const asked = new Set(termsOf(wordsOf(query)));

  return (record: AppendRecord, seq: number): string | undefined => {
    const { session_id, stored_at } = record;
    const message = record.messages.find((one) => one.seq === seq);
    if (!message || forgotten.length === 0) return message?.content;
    const text = createUnlearning(forgotten, { session_id, heard: [], previous: '' }).contentOf({ message, stored_at });
    if (text === message.content) return text;
    return termsOf(wordsOf(text)).some((term) => asked.has(term)) ? text : undefined;
  };
}
export type Recallable = ReturnType<typeof createRecallable>;
