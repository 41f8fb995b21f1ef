import { createHmac } from 'node:crypto';
import { statementOf } from '../../llm/overlap.ts';
import { slotOf } from '../../llm/slots.ts';
import { stem } from '../../llm/terms.ts';
import type { HashedStatement } from '../../model-memory.ts';

const HASH_CHARACTERS = 12; // 72 bits: no two words of a user's meet
const SAME = 0.75; // as sameStatement of the facts themselves
const COVERED = 0.8; // the share of a statement's words with which a text says it …
const NEAR = 0.5; // … and with which two statements of the very same messages are about one thing

const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Hashes words with a salt, each once. */
export type Hasher = (word: string) => string;

/** A hasher of one salt; kept while many texts are looked at. */
export function createHasher(salt: string): Hasher {
  const known = new Map<string, string>();
  return (word) => {
    const hashed = known.get(word) ?? createHmac('sha256', salt).update(word).digest('base64url').slice(0, HASH_CHARACTERS);
    known.set(word, hashed);
    return hashed;
  };
}

/** What a text states, without its words. */
export function hashStatement(text: string, hash: Hasher): HashedStatement {
  const { stems, marks, negated } = statementOf(text);
  const slot = slotOf(text);
  return {
    stems: [...stems].map(hash),
    marks: [...marks].map(hash),
    names: [...marks].filter((mark) => !/\d/.test(mark)).map(hash),
    negated,
    ...(slot !== undefined && { slot: hash(`slot|${slot}`) }),
  };
}

/** A text to be compared with hashed statements. */
export interface HeardStatement extends HashedStatement {
  anyStems: Set<string>;
}

/** A text as it is compared with what was forgotten. */
export const hear = (text: string, hash: Hasher): HeardStatement => ({ ...hashStatement(text, hash), anyStems: anyStems(text, hash) });

/** All words of a text, stemmed as in either of the two ways there are: a short text is often taken for another language. */
export function anyStems(text: string, hash: Hasher): Set<string> {
  const found = new Set<string>();
  for (const { segment, isWordLike } of words.segment(text)) {
    if (!isWordLike) continue;
    const word = segment.replace(/’/g, "'").toLowerCase();
    found.add(hash(stem(word, 'en'))).add(hash(stem(word, 'de')));
  }
  return found;
}

/** Whether a text with these words may say the statement at all: far cheaper to know than whether it does. */
export function mayBeSaid(stems: Set<string>, gone: HashedStatement, { byName }: { byName: boolean }): boolean {
  if (byName && gone.names.length > 0 && gone.names.every((name) => stems.has(name))) return true;
  if (gone.stems.length === 0 || !gone.marks.every((mark) => stems.has(mark))) return false;
  const fillsSlot = gone.slot !== undefined && gone.marks.length > 0;
  return fillsSlot || gone.stems.filter((one) => stems.has(one)).length >= gone.stems.length * NEAR;
}

/** The same statement, or one that fills the same slot with the same names and numbers ("moved to Berlin", "lives in Berlin"). */
export function isSame(heard: HeardStatement, gone: HashedStatement): boolean {
  const sameSlot = gone.slot !== undefined && gone.slot === heard.slot && gone.marks.length > 0 && hasAll(heard, gone.marks);
  if (sameSlot) return true;
  if (gone.stems.length === 0 || heard.negated !== gone.negated || heard.marks.length !== gone.marks.length) return false;
  return gone.marks.every((mark) => heard.marks.includes(mark)) && likeness(heard, gone) >= SAME;
}

/** The text has nearly all words of the statement, and all its names and numbers. */
export function covers(heard: HeardStatement, gone: HashedStatement): boolean {
  if (gone.stems.length === 0 || !hasAll(heard, gone.marks)) return false;
  return gone.stems.filter((stem) => heard.anyStems.has(stem)).length / gone.stems.length >= COVERED;
}

/** The text has all names of the statement. */
export const namesIt = (heard: HeardStatement, gone: HashedStatement): boolean => gone.names.length > 0 && hasAll(heard, gone.names);

/** About the same thing, of two statements that rest on the very same messages. */
export const isNear = (heard: HeardStatement, gone: HashedStatement): boolean => namesIt(heard, gone) || likeness(heard, gone) >= NEAR;

const hasAll = ({ anyStems }: HeardStatement, stems: string[]): boolean => stems.every((stem) => anyStems.has(stem));

function likeness(heard: HeardStatement, gone: HashedStatement): number {
  const own = new Set(heard.stems);
  const shared = gone.stems.filter((stem) => own.has(stem)).length;
  return shared / (own.size + gone.stems.length - shared || 1);
}
