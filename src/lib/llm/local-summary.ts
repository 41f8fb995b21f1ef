import { boundSummary } from './bounds.ts';
import { pattern } from './pattern.ts';
import type { ModelMessage } from './port.ts';
import { sentencesOf } from './sentences.ts';
import { ordersModel } from './statements.ts';
import { contentTerms, type Language, languageOf } from './terms.ts';
import { estimateTokens } from './tokens.ts';

const MAX_CHARS = 4_000;
const MAX_CANDIDATES = 240;
/** How much a sentence's own weight counts against its likeness to what is already taken. */
const RELEVANCE = 0.7;

/** Content words above which a sentence is too long to stand in a summary for nothing. */
const LONG = 20;

type Speaker = 'User' | 'Assistant' | '';

interface Candidate {
  text: string;
  speaker: Speaker;
  order: number;
  tokens: number;
  score: number;
  vector: Map<string, number>;
}

/** Sentences that settle something or say who somebody is. */
const CUE = pattern('i')`
  \b(?:decid\w+|agree\w*|prefer\w*|need\w*|want\w*|plan\w*|goal|deadline|important|must|always|never|remember|because|favou?rite|
  allergic|moved|live|work|will|love|hate|budget|entschied\w*|beschlossen|bevorzug\w*|brauche|möchte|will|plane|ziel|wichtig|muss|
  immer|nie|weil|liebe|hasse|wohne|arbeite)\b`;
const FIRST_PERSON = /(?:^|\s)(?:i|i'm|i've|my|we|our|ich|mein\w*|wir|unser\w*|je|yo|mi|我)(?=[\s,'’]|\p{Script=Han})/iu;
const FIGURE = /\d/;
const LABEL = /^(?:(User|Nutzer)|(Assistant|Assistent)): /;
const LABELS: Record<'de' | 'en', Record<Exclude<Speaker, ''>, string>> = {
  de: { User: 'Nutzer', Assistant: 'Assistent' },
  en: { User: 'User', Assistant: 'Assistant' },
};

/**
 * The sentences that stand for a conversation, in their order and in its language, speakers named. Earlier summary and new messages compete
 * for the same room, so that a merged summary never outgrows `maxTokens` (estimated) or 4,000 characters.
 */
export function extractSummary({
  previous,
  messages,
  maxTokens,
}: {
  previous: string;
  messages: ModelMessage[];
  maxTokens: number;
}): string {
  const language = languageOf([previous, ...messages.map(({ content }) => content)].join('\n'));
  const candidates = weigh([...fromSummary(previous), ...fromMessages(messages)], language);
  const chosen = choose(candidates, { maxTokens, maxChars: MAX_CHARS });
  // a bound below every sentence's length: the best one, for the caller to cut
  const taken = chosen.length > 0 ? chosen : candidates.slice(0, 1);
  return boundSummary(write(taken, LABELS[language === 'de' ? 'de' : 'en']), maxTokens);
}

type Said = Pick<Candidate, 'text' | 'speaker'> & { earlier: boolean };

function fromSummary(previous: string): Said[] {
  let speaker: Speaker = '';
  return sentencesOf(previous).map((sentence) => {
    const label = LABEL.exec(sentence);
    if (label) speaker = label[1] ? 'User' : 'Assistant';
    return { text: sentence.replace(LABEL, ''), speaker, earlier: true };
  });
}

function fromMessages(messages: ModelMessage[]): Said[] {
  const spoken = messages.filter(({ role }) => role === 'user' || role === 'assistant');
  return spoken.flatMap(({ role, content }) => {
    const speaker: Speaker = role === 'user' ? 'User' : 'Assistant';
    return sentencesOf(content).flatMap((text) => (ordersModel(text) ? [] : [{ text, speaker, earlier: false }]));
  });
}

/** Each sentence with its likeness to the whole (the centroid) and what its words, speaker and figures add. */
function weigh(said: Said[], language: Language): Candidate[] {
  const seen = new Set<string>();
  const centroid = new Map<string, number>();
  const candidates: (Candidate & { cue: number })[] = [];
  for (const { text, speaker, earlier } of said) {
    const key = text.toLowerCase();
    const vector = counts(text, language);
    if (seen.has(key) || vector.size === 0) continue;
    seen.add(key);
    for (const term of vector.keys()) centroid.set(term, (centroid.get(term) ?? 0) + 1);
    const cue = cueOf(text, { speaker, earlier, terms: vector.size });
    candidates.push({ text, speaker, order: candidates.length, tokens: estimateTokens(text) + 2, score: 0, vector, cue });
  }
  for (const candidate of candidates) candidate.score = cosine(candidate.vector, centroid) + candidate.cue;
  const best = candidates.toSorted((a, b) => b.score - a.score || a.order - b.order);
  return best.slice(0, MAX_CANDIDATES);
}

function counts(text: string, language: Language): Map<string, number> {
  const vector = new Map<string, number>();
  for (const { stem } of contentTerms(text, language)) vector.set(stem, (vector.get(stem) ?? 0) + 1);
  return vector;
}

function cueOf(text: string, { speaker, earlier, terms }: { speaker: Speaker; earlier: boolean; terms: number }): number {
  let cue = 0;
  if (speaker === 'User') cue += 0.15;
  if (speaker !== 'Assistant' && FIRST_PERSON.test(text)) cue += 0.15;
  if (CUE.test(text)) cue += 0.15;
  if (FIGURE.test(text)) cue += 0.05;
  if (earlier) cue += 0.1;
  if (terms < 3) cue -= 0.2;
  if (terms > LONG) cue -= (terms - LONG) * 0.02;
  if (text.endsWith(':')) cue -= 0.4;
  if (/[?？]$/.test(text)) cue -= speaker === 'Assistant' ? 0.35 : 0.15;
  return cue;
}

/** Maximal marginal relevance: the next best sentence that is least like those already taken and still fits. */
function choose(candidates: Candidate[], { maxTokens, maxChars }: { maxTokens: number; maxChars: number }): Candidate[] {
  const left = candidates.map((candidate) => ({ candidate, likeness: 0 }));
  const chosen: Candidate[] = [];
  let tokens = maxTokens;
  let chars = maxChars;
  while (left.length > 0) {
    const worth = left.map(({ candidate, likeness }) => RELEVANCE * candidate.score - (1 - RELEVANCE) * likeness);
    const at = worth.indexOf(Math.max(...worth));
    const next = left.splice(at, 1)[0]?.candidate;
    if (!next || next.tokens > tokens || next.text.length + 14 > chars) continue;
    chosen.push(next);
    tokens -= next.tokens;
    chars -= next.text.length + 14;
    for (const other of left) other.likeness = Math.max(other.likeness, cosine(next.vector, other.candidate.vector));
  }
  return chosen.sort((a, b) => a.order - b.order);
}

function cosine(left: Map<string, number>, right: Map<string, number>): number {
  const [small, large] = left.size <= right.size ? [left, right] : [right, left];
  let dot = 0;
  for (const [term, count] of small) dot += count * (large.get(term) ?? 0);
  return dot === 0 ? 0 : dot / (norm(left) * norm(right));
}

function norm(vector: Map<string, number>): number {
  let sum = 0;
  for (const count of vector.values()) sum += count * count;
  return Math.sqrt(sum);
}

function write(chosen: Candidate[], labels: Record<Exclude<Speaker, ''>, string>): string {
  let speaker: Speaker = '';
  const parts = chosen.map(({ text, speaker: said }) => {
    const ended = /[\p{P}\p{S}]$/u.test(text) ? text : `${text}.`;
    const named = said !== '' && said !== speaker ? `${labels[said]}: ${ended}` : ended;
    speaker = said;
    return named;
  });
  return parts.join(' ');
}
