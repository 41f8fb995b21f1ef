import { coveredBy, type Statement, sameStatement, statementOf } from './overlap.ts';
import type { Profile, ProfileInput } from './port.ts';

interface Candidate {
  text: string;
  statement: Statement;
  support: number;
  created_at: string;
}

/** The profile: near-identical statements merged, best supported first, then newest. */
export function profileOf({ previous, facts, insights, max_statements }: ProfileInput): Profile {
  const offered = [
    ...previous.map((text) => ({ text, support: 1, created_at: '' })),
    ...facts,
    ...insights.map((insight) => ({ ...insight, support: 1 })),
  ];
  const merged: Candidate[] = [];
  for (const { text, support, created_at } of offered.sort((a, b) => a.created_at.localeCompare(b.created_at))) {
    const statement = statementOf(text);
    const twin = merged.findIndex((other) => sameStatement(other.statement, statement));
    const before = twin < 0 ? undefined : merged.splice(twin, 1)[0];
    merged.push({ text, statement, support: Math.max(support, before?.support ?? 0), created_at });
  }
  const ranked = merged.sort((a, b) => b.support - a.support || b.created_at.localeCompare(a.created_at));
  const taken: Candidate[] = [];
  for (const candidate of ranked) {
    if (taken.length === max_statements) break;
    if (
      !taken.some(
        (other) => coveredBy(candidate.statement, other.statement) === 1 && candidate.statement.negated === other.statement.negated,
      )
    ) {
      taken.push(candidate);
    }
  }
  return { statements: taken.map(({ text }) => text) };
}
