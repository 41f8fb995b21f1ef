import type { ModelMessage } from './port.ts';
import { sentencesOf } from './sentences.ts';
import { contentTerms, type Language, languageOf, type Term } from './terms.ts';

const MAX_TOPICS = 6;
const MAX_PHRASE_WORDS = 3;

/** Verbs of wish and habit carry a statement but name no topic. */
const NO_TOPIC =
  /^(?:prefer|love|hate|enjoy|dislike|live|lives|work|works|use|uses|moved?|plan|planning|hope|help|need|really|usually|often|today|tomorrow|yesterday|please|good|great|nice|new|best|better|feel|find|look|looking|try|trying|start|started|suggest|recommend|remember|noted?|hello|bevorzug\w*|liebt?|hasst?|hasse|wohn\w*|arbeit[et]*|nutz\w*|heißt?|plant?|suche|suchst|empfehl\w*)s?$/i;

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
  const terms = contentTerms(text, languageOf(text)).filter(({ surface }) => !NO_TOPIC.test(surface));
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
  const terms = contentTerms(sentence, language).filter(({ surface }) => !NO_TOPIC.test(surface));
  for (const term of terms) {
    const named = term.position > 1 && /^\p{Lu}/u.test(term.surface) && language !== 'de';
    count(found, { key: term.stem, surface: term.surface, score: weight * (named ? 1.5 : 1) });
  }
  for (const run of runs(terms)) {
    for (let index = 1; index < run.length; index += 1) {
      const pair = run.slice(index - 1, index + 1);
      const key = pair.map(({ stem }) => stem).join(' ');
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
