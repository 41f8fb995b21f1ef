import { pattern } from './pattern.ts';
import type { ModelMessage } from './port.ts';
import { sentencesOf } from './sentences.ts';
import { contentTerms, type Language, languageOf, stem, type Term } from './terms.ts';

const MAX_TOPICS = 6;
const MAX_PHRASE_WORDS = 3;

/** Verbs and fillers of conversation: they carry a statement but name no topic. */
const NO_TOPIC = new Set(
  `
    prefer love hate enjoy dislike live work use move plan hope help need really usually often today tomorrow yesterday good
    great nice best better feel find look try start suggest recommend remember note want set create make give keep got get
    give went happen decide implement add allow ensure manage take talk call show tell write read run build follow include
    provide consider specific different various currently every last next first second new able thing time way day week
    month year people lot bit step example wow awesome cool amazing meet turn think thought keen excited saving year old
    born will another
  `
    .trim()
    .split(/\s+/)
    .map((word) => stem(word, 'en')),
);
const NO_TOPIC_GERMAN = pattern('iu')`
  ^(?:bevorzug\p{L}*|lieb(?:e|t|en)|hass(?:e|t|en)|wohn(?:e|t|en)|arbeite[nt]?|nutz(?:e|t|en)|heiß(?:e|t|en)|plan(?:e|t|en)|
  such(?:e|t|en)|empfehl\p{L}*|gesagt|bittet|isst|esse|trink(?:e|t)|fahr(?:e|t)|gezogen|gekauft|bin|ist)$`;

function namesTopic({ stem: root, surface }: Term): boolean {
  return /\p{L}/u.test(surface) && !NO_TOPIC.has(root) && !NO_TOPIC_GERMAN.test(surface);
}

interface Counted {
  surface: string;
  score: number;
  first: number;
}

/** What a conversation is about: its most frequent content words and pairs of words, as they were written. */
export function topicsOf(messages: ModelMessage[]): string[] {
  const spoken = messages.filter(({ role }) => role === 'user' || role === 'assistant');
  const language = languageOf(spoken.map(({ content }) => content).join('\n'));
  const found = new Map<string, Counted>();
  for (const { role, content } of spoken) {
    const weight = role === 'user' ? 1.5 : 1;
    for (const sentence of sentencesOf(content)) countPhrases(sentence, { language, weight, found });
  }
  return best([...found]);
}

/** The noun-like phrases of one statement, at most three. */
export function topicsOfStatement(text: string): string[] {
  const terms = contentTerms(text, languageOf(text)).filter(namesTopic);
  return runs(terms)
    .map((run) =>
      run
        .slice(-MAX_PHRASE_WORDS)
        .map(({ surface }) => surface)
        .join(' '),
    )
    .filter((phrase) => phrase.length > 1)
    .slice(0, 3);
}

function countPhrases(
  sentence: string,
  { language, weight, found }: { language: Language; weight: number; found: Map<string, Counted> },
): void {
  const terms = contentTerms(sentence, language).filter(namesTopic);
  for (const term of terms) {
    const named = !term.opening && /^\p{Lu}/u.test(term.surface) && language !== 'de';
    count(found, { key: term.stem, surface: term.surface, score: weight * (named ? 1.5 : 1) });
  }
  for (const run of runs(terms)) {
    for (let index = 1; index < run.length; index += 1) {
      const pair = run.slice(index - 1, index + 1);
      const key = pair.map((term) => term.stem).join(' ');
      count(found, { key, surface: pair.map(({ surface }) => surface).join(' '), score: weight * 1.2 });
    }
  }
}

function count(found: Map<string, Counted>, { key, surface, score }: { key: string; surface: string; score: number }): void {
  const counted = found.get(key) ?? { surface, score: 0, first: found.size };
  counted.score += score;
  found.set(key, counted);
}

/** The best phrases, none of whose words is already in a better one. */
function best(found: [string, Counted][]): string[] {
  const ranked = found.sort(([, a], [, b]) => b.score - a.score || a.first - b.first);
  const taken: { surface: string; stems: string[] }[] = [];
  for (const [key, { surface }] of ranked) {
    const stems = key.split(' ');
    if (taken.some((other) => stems.some((stem) => other.stems.includes(stem)))) continue;
    taken.push({ surface, stems });
    if (taken.length === MAX_TOPICS) break;
  }
  return taken.map(({ surface }) => surface);
}

/** Terms that stand side by side. */
function runs(terms: Term[]): Term[][] {
  const found: Term[][] = [];
  for (const term of terms) {
    const last = found.at(-1);
    if (last && term.position - (last.at(-1)?.position ?? 0) === 1) last.push(term);
    else found.push([term]);
  }
  return found;
}
