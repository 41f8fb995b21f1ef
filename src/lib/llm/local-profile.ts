import { coveredBy, type Statement, sameStatement, statementOf } from './overlap.ts';
import type { Profile, ProfileInput } from './port.ts';
import { slotOf } from './slots.ts';

interface Candidate {
  text: string;
  statement: Statement;
  slot: string | undefined;
  support: number;
  created_at: string;
}

/** The share of its words that others may say before a statement says nothing new. */
const SAID_ALREADY = 0.9;

/** The profile: repetitions merged, of contradicting statements the newest, then by support and recency, at most `max_statements`. */
export function profileOf({ previous, facts, insights, max_statements }: ProfileInput): Profile {
  const offered = [
    ...previous.map((text) => ({ text, support: 1, created_at: '' })),
    ...facts,
    ...insights.map(({ text, created_at }) => ({ text, support: 1, created_at })),
  ];
  const merged: Candidate[] = [];
  for (const { text, support, created_at } of offered.toSorted((a, b) => byText(a.created_at, b.created_at))) {
    replaceBy(merged, { text, statement: statementOf(text), slot: slotOf(text), support, created_at });
  }
  const ranked = merged.sort((a, b) => b.support - a.support || byText(b.created_at, a.created_at) || byText(a.text, b.text));
  return { statements: takeNew(ranked, max_statements).map(({ text }) => text) };
}

/** Adds a statement in place of the older ones that it repeats, whose support it inherits, or contradicts. */
function replaceBy(merged: Candidate[], newer: Candidate): void {
  for (let index = merged.length - 1; index >= 0; index -= 1) {
    const older = merged[index];
    if (!older) continue;
    const repeats = older.text === newer.text || sameStatement(older.statement, newer.statement);
    const contradicts = newer.slot !== undefined && older.slot === newer.slot;
    if (repeats) newer.support = Math.max(newer.support, older.support);
    if (repeats || contradicts) merged.splice(index, 1);
  }
  merged.push(newer);
}

/** An insight that only gathers facts already taken is left out. */
function takeNew(ranked: Candidate[], max: number): Candidate[] {
  const taken: Candidate[] = [];
  for (const candidate of ranked) {
    if (taken.length >= max) break;
    const said = new Set(taken.flatMap(({ statement }) => (statement.negated === candidate.statement.negated ? [...statement.stems] : [])));
    const gathered =
      candidate.statement.stems.size > 6 && coveredBy(candidate.statement, { ...candidate.statement, stems: said }) >= SAID_ALREADY;
    if (!gathered) taken.push(candidate);
  }
  return taken;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
