import { createHash } from 'node:crypto';
import type { Findable } from '../../model-search.ts';

/** One text that gets a vector, and where it stands. */
export interface Embeddable {
  item: string;
  seq: number;
  text: string;
  hash: string;
}

const embeddable = (item: string, seq: number, text: string): Embeddable => ({
  item,
  seq,
  text,
  hash: createHash('sha256').update(text).digest('base64url').slice(0, 22),
});

/**
 * What of a document gets vectors: every message, current facts, insights, and summaries that no later one of their session took in.
 * What is closed or quarantined gets none; a vector that it had stays, and search looks at the document before it answers.
 */
export function embeddables(document: Findable, newest: ReadonlySet<string>): Embeddable[] {
  const texts = textsOf(document, newest);
  return texts.filter(({ text }) => text.trim() !== '');
}

function textsOf(document: Findable, newest: ReadonlySet<string>): Embeddable[] {
  switch (document.kind) {
    case 'append':
      return document.messages.map(({ seq, content }) => embeddable(document.id, seq, content));
    case 'fact':
      return document.status === 'current' ? [embeddable(document.id, 0, document.text)] : [];
    case 'insight':
      return [embeddable(document.id, 0, document.text)];
    case 'summary':
      return newest.has(document.id) ? [embeddable(document.id, 0, document.text)] : [];
  }
}

/** Of the ids of summaries, those that reach furthest: one of each level, of each epoch of each session. */
export function newestSummaries(ids: string[]): Set<string> {
  const newest = new Map<string, { id: string; to: string }>();
  for (const id of ids) {
    const [, session, epoch, range = '', level] = id.split('|');
    const to = range.split('-')[1] ?? '';
    const key = [session, epoch, level].join('|');
    const known = newest.get(key);
    if (known === undefined || to > known.to) newest.set(key, { id, to });
  }
  return new Set([...newest.values()].map(({ id }) => id));
}
