import { factsOf } from '../../llm/local-facts.ts';
import { sameStatement, statementOf } from '../../llm/overlap.ts';
import { sentencesOf } from '../../llm/sentences.ts';
import { slotOf } from '../../llm/slots.ts';

const SPEAKER = /^(?:User|Nutzer): /;
const ASSISTANT = /^Assistent?: |^Assistant: /;

/**
 * A summary or an insight without the sentences that state what is no longer so: a context that opens the next session must not say
 * where the user used to live. The evidence itself is not touched. Texts that state no closed fact come back unchanged.
 */
export function withoutClosed(text: string, closedFacts: string[]): string {
  if (closedFacts.length === 0) return text;
  const closed = closedFacts.map((fact) => ({ slot: slotOf(fact), statement: statementOf(fact) }));
  const lines = text.split('\n').map((line) => {
    const sentences = sentencesOf(line);
    const kept = sentences.filter((sentence) => !statementsIn(sentence).some((said) => isClosed(said, closed)));
    return kept.length === sentences.length ? line : kept.join(' ');
  });
  return lines.filter((line, i) => line !== '' || text.split('\n')[i] === '').join('\n');
}

/** What a sentence states about the user: itself when it is told in the third person, and what it means when the user says it. */
export function statementsIn(sentence: string): string[] {
  const told = sentence.replace(SPEAKER, '');
  const said = ASSISTANT.test(sentence)
    ? sentence
        .replace(ASSISTANT, '')
        .replace(/\byou\b/gi, 'I')
        .replace(/\byour\b/gi, 'my')
    : told;
  const message = { seq: 1, role: 'user' as const, content: said, created_at: '1970-01-01T00:00:00.000Z' };
  return [told.replace(/^The user\b/, 'User'), ...factsOf([message], []).map((fact) => fact.text)];
}

/** The same statement, or one of the same slot that shares the closed one's names and numbers ("moved to Berlin", "lives in Berlin"). */
function isClosed(text: string, closed: { slot: string | undefined; statement: ReturnType<typeof statementOf> }[]): boolean {
  const statement = statementOf(text);
  const slot = slotOf(text);
  return closed.some((fact) => {
    if (sameStatement(fact.statement, statement)) return true;
    const sameSlot = slot !== undefined && slot === fact.slot;
    return sameSlot && fact.statement.marks.size > 0 && [...fact.statement.marks].every((mark) => statement.marks.has(mark));
  });
}
