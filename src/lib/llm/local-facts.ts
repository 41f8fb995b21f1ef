import type { Draft } from './drafts.ts';
import { englishDrafts } from './english.ts';
import { RELATIVE_DATE } from './english-words.ts';
import { germanDrafts } from './german.ts';
import { RELATIVE_DATE as GERMAN_RELATIVE_DATE } from './german-words.ts';
import { topicsOfStatement } from './local-topics.ts';
import { type Statement, sameStatement, statementOf } from './overlap.ts';
import type { ModelMessage, ReflectedFact } from './port.ts';
import { statementsOf } from './statements.ts';
import { languageOf } from './terms.ts';

const MAX_FACTS = 40;
/** Every new statement is compared with those before: past this many only repetitions still count. */
const MAX_DIFFERENT = 400;

/** A fact and what the insights need to know of it. */
export interface LocalFact extends ReflectedFact {
  goal: boolean;
  emphasised: boolean;
}

interface Known {
  text: string;
  statement: Statement;
}

/** Facts are worded in the language they were said in: by its subject a text tells which. */
export function isGerman(text: string): boolean {
  return /^Der Nutzer\b|\bdes Nutzers\b/.test(text);
}

/** The facts that the user's own statements hold, oldest first. One that is known already takes the known wording. */
export function factsOf(messages: ModelMessage[], knownTexts: string[]): LocalFact[] {
  const known = knownTexts.map((text) => ({ text, statement: statementOf(text) }));
  const facts: { fact: LocalFact; statement: Statement }[] = [];
  for (const message of messages.filter(({ role }) => role === 'user')) {
    const language = languageOf(message.content);
    for (const sentence of statementsOf(message.content)) {
      const drafts = language === 'de' ? germanDrafts(sentence) : englishDrafts(sentence);
      for (const draft of drafts) keep(facts, { draft, message, known });
    }
  }
  return surest(facts.map(({ fact }) => fact));
}

/** More facts than a reflection may hold: the least sure ones go. */
function surest(facts: LocalFact[]): LocalFact[] {
  if (facts.length <= MAX_FACTS) return facts;
  const kept = new Set(facts.toSorted((a, b) => b.confidence - a.confidence).slice(0, MAX_FACTS));
  return facts.filter((fact) => kept.has(fact));
}

function keep(
  facts: { fact: LocalFact; statement: Statement }[],
  { draft, message, known }: { draft: Draft; message: ModelMessage; known: Known[] },
): void {
  const said = dated(draft.text, message.created_at);
  const statement = statementOf(said);
  const twin = facts.find((other) => other.fact.text === said || sameStatement(other.statement, statement));
  if (twin) {
    twin.fact.source_seqs = [...new Set([...twin.fact.source_seqs, message.seq])];
    twin.fact.emphasised = true;
    return;
  }
  if (facts.length >= MAX_DIFFERENT) return;
  const text = known.find((other) => sameStatement(other.statement, statement))?.text ?? said;
  const { kind, confidence, goal, emphasised } = draft;
  facts.push({
    fact: { text, kind, confidence, goal, emphasised, topics: topicsOfStatement(draft.text), source_seqs: [message.seq] },
    statement,
  });
}

/** `tomorrow` means nothing a week later: the day on which it was said is added. */
function dated(text: string, created_at: string): string {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(created_at)?.[0];
  if (!day) return text;
  const german = isGerman(text);
  if (!(german ? GERMAN_RELATIVE_DATE : RELATIVE_DATE).test(text)) return text;
  const note = german ? `(gesagt am ${day})` : `(said on ${day})`;
  return /[“"]$/.test(text) ? `${text} ${note}` : `${text.replace(/\.$/, '')} ${note}.`;
}
