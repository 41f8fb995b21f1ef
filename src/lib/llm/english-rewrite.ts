const IRREGULAR: Record<string, string> = { have: 'has', do: 'does', go: 'goes', am: 'is' };

/** Verbs that are the same for `I` and `User`: past tense and participles end so. */
const PAST = /(?:ed|grew|bought|sold|quit|became|began|got|had|went|met|won|lost|broke|built|flew|took|saw|taught|left|ran)$/;

const PRONOUNS: Record<string, string> = {
  i: 'they',
  "i'm": "they're",
  "i've": "they've",
  "i'd": "they'd",
  "i'll": "they'll",
  me: 'them',
  my: 'their',
  mine: 'theirs',
  myself: 'themselves',
  we: 'they',
  "we're": "they're",
  "we've": "they've",
  us: 'them',
  our: 'their',
  ours: 'theirs',
  ourselves: 'themselves',
};
const PRONOUN = /\b(?:I'm|I've|I'd|I'll|I|me|my|mine|myself|we're|we've|we|us|our|ours|ourselves)\b(?!\.[a-z])/gi;

/** A present-tense verb as `User` takes it; a past-tense verb stays. */
export function conjugate(verb: string): string {
  const irregular = IRREGULAR[verb];
  if (irregular) return irregular;
  if (PAST.test(verb) && verb !== 'need' && verb !== 'speed') return verb;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh|o)$/.test(verb) ? `${verb}es` : `${verb}s`;
}

/** First-person words turned to the third person plural (`my` → `their`); `US`, the country, stays. */
export function firstPersonToThird(text: string): string {
  const turned = text.replace(PRONOUN, (word) => (word === 'US' ? word : (PRONOUNS[word.toLowerCase()] ?? word)));
  return turned.replace(/\bthey am\b/g, 'they are').replace(/\bthey was\b/g, 'they were');
}

/** A text as one sentence: first letter as it is, one full stop at its end. */
export function asSentence(text: string): string {
  return `${text.trim().replace(/[.!…,;:\s]+$/, '')}.`;
}
