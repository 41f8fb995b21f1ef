import { sameStatement, statementOf } from '../../llm/overlap.ts';
import { sentencesOf } from '../../llm/sentences.ts';

const LABEL = /^(?:User|Nutzer|Assistent|Assistant): /;
const CLAUSES = /[,;]\s+(?:and|but|so|und|aber)\s+|;\s+/i;
const GATHERING = /^([^:;]{1,60}): (.+)$/;

/**
 * A text without what it says of something: whole sentences go, and of a sentence that gathers several ("Stated preferences: …; …")
 * only the parts that say it. Speakers stay with what is left. A text that says nothing of it comes back unchanged.
 */
export function withoutSaid(text: string, isSaid: (piece: string) => boolean): string {
  const lines = text.split('\n');
  const left = lines.map((line) => lineWithout(line, isSaid));
  return left.filter((line, i) => line !== '' || lines[i] === '').join('\n');
}

function lineWithout(line: string, isSaid: (piece: string) => boolean): string {
  const sentences = sentencesOf(line);
  // A heading, a quoted line or a row of a table is a piece of its own.
  if (sentences.length === 0) return line.trim() !== '' && isSaid(line) ? '' : line;
  let speaker = '';
  let named = '';
  const kept = sentences.flatMap((sentence) => {
    const label = LABEL.exec(sentence)?.[0] ?? '';
    speaker = label || speaker;
    const rest = sentenceWithout(sentence, isSaid);
    if (rest === '') return [];
    // Where the sentence that named the speaker is gone, the next one names it.
    const shown = named === speaker || LABEL.test(rest) ? rest : `${speaker}${rest}`;
    named = speaker;
    return [shown];
  });
  const unchanged = kept.length === sentences.length && kept.every((sentence, i) => sentence === sentences[i]);
  return unchanged ? line : kept.join(' ');
}

function sentenceWithout(sentence: string, isSaid: (piece: string) => boolean): string {
  const [, opening, rest = ''] = GATHERING.exec(sentence) ?? [];
  const parts = rest.split('; ');
  if (opening === undefined || parts.length < 2) return isSaid(sentence) ? clausesWithout(sentence, isSaid) : sentence;
  const kept = parts.filter((part) => !isSaid(part));
  if (kept.length === parts.length) return isSaid(opening) ? '' : sentence;
  const end = /[.!?]$/.exec(sentence)?.[0] ?? '';
  return kept.length === 0 ? '' : `${opening}: ${kept.join('; ').replace(/[.!?]$/, '')}${end}`;
}

/** Of a sentence of several ("I live here, and I have a boat") the clauses that do not say it, where that leaves any. */
function clausesWithout(sentence: string, isSaid: (piece: string) => boolean): string {
  const label = LABEL.exec(sentence)?.[0] ?? '';
  const clauses = sentence.slice(label.length).split(CLAUSES);
  const kept = clauses.filter((clause) => !isSaid(clause));
  const rest = kept.join(', ');
  if (kept.length === 0 || kept.length === clauses.length || isSaid(rest)) return '';
  const end = /[.!?]$/.test(rest) ? '' : '.';
  return `${label}${rest.charAt(0).toUpperCase()}${rest.slice(1)}${end}`;
}

/** A text without the parts that are one of these statements. */
export function withoutStatements(text: string, statements: string[]): string {
  if (statements.length === 0) return text;
  const gone = statements.map(statementOf);
  return withoutSaid(text, (piece) => {
    const said = statementOf(piece.replace(GATHERING, '$2'));
    return gone.some((statement) => sameStatement(statement, said));
  });
}
