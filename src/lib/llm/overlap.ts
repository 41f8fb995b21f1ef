import { contentTerms, languageOf } from './terms.ts';

const NEGATION =
  /\b(?:not|no|never|nor|cannot|without|\w+n't|nicht|kein\w*|nie|niemals|ohne|dislikes?|hates?|avoids?|hasst?|hasse|meide[t]?)\b/i;
const SAME = 0.75;

export interface Statement {
  stems: Set<string>;
  /** Names and numbers: where two statements differ in one, they say different things. */
  marks: Set<string>;
  negated: boolean;
}

/** What a statement is about, for comparing it with others. */
export function statementOf(text: string): Statement {
  const terms = contentTerms(text, languageOf(text));
  const marked = terms.filter(({ surface, opening }) => /\d/.test(surface) || (!opening && /^\p{Lu}/u.test(surface)));
  return {
    stems: new Set(terms.map(({ stem }) => stem)),
    marks: new Set(marked.map(({ stem }) => stem)),
    negated: NEGATION.test(text.replace(/’/g, "'")),
  };
}

/** True when two statements say the same thing in nearly the same words. */
export function sameStatement(left: Statement, right: Statement): boolean {
  if (left.negated !== right.negated || left.stems.size === 0) return false;
  if (left.marks.size !== right.marks.size || sharedBy(left.marks, right.marks) < left.marks.size) return false;
  const shared = sharedBy(left.stems, right.stems);
  return shared / (left.stems.size + right.stems.size - shared) >= SAME;
}

function sharedBy(left: Set<string>, right: Set<string>): number {
  let shared = 0;
  for (const entry of left) if (right.has(entry)) shared += 1;
  return shared;
}
