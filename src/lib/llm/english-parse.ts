import { ADVERBS } from './english-words.ts';

/** A first-person clause taken apart: `I don't really like crowds` → do, not, really, like, crowds. */
export interface Parsed {
  auxiliary: string;
  negated: boolean;
  adverbs: string[];
  /** In small letters; `written` is as it stood, with its comma. */
  verb: string;
  written: string;
  rest: string;
}

const EXPANDED: Record<string, string> = {
  "i'm": 'I am',
  "i've": 'I have',
  "i'd": 'I would',
  "i'll": 'I will',
  im: 'I am',
  ive: 'I have',
  "don't": 'do not',
  "didn't": 'did not',
  "can't": 'can not',
  cannot: 'can not',
  "couldn't": 'could not',
  "haven't": 'have not',
  "wasn't": 'was not',
  "won't": 'will not',
  "wouldn't": 'would not',
};
const AUXILIARIES = new Set([
  'am',
  'was',
  'have',
  'had',
  'do',
  'did',
  'can',
  'could',
  'will',
  'would',
  'should',
  'might',
  'may',
  'must',
  'used',
]);

/** Takes apart a clause that begins with `I`. */
export function parseClause(core: string): Parsed {
  const tokens = core.split(/\s+/).flatMap((word) => (EXPANDED[word.toLowerCase()] ?? word).split(' '));
  const parsed: Parsed = { auxiliary: '', negated: false, adverbs: [], verb: '', written: '', rest: '' };
  let index = 1;
  for (; index < tokens.length; index += 1) {
    const word = (tokens[index] ?? '').toLowerCase().replace(/,$/, '');
    if (parsed.auxiliary === '' && AUXILIARIES.has(word)) parsed.auxiliary = word;
    else if (word === 'not') parsed.negated = true;
    else if (word === 'no' && tokens[index + 1]?.toLowerCase() === 'longer') parsed.adverbs.push('no longer');
    else if (word === 'longer' && parsed.adverbs.includes('no longer')) continue;
    else if (ADVERBS.has(word)) parsed.adverbs.push(word);
    else if (word === 'got' && parsed.auxiliary === 'have') continue;
    else break;
  }
  parsed.written = tokens[index] ?? '';
  parsed.verb = parsed.written.toLowerCase().replace(/[,;:]$/, '');
  parsed.rest = tokens.slice(index + 1).join(' ');
  return parsed;
}
