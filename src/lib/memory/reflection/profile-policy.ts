import { type Statement, sameStatement, statementOf } from '../../llm/overlap.ts';
import type { Fact, Insight, ProfileStatement } from '../../model-memory.ts';

const DAY_MS = 86_400_000;
const DECAY_DAYS = 180; // what was said once and never again is left out of the profile after this long
const COVERED = 0.8; // the share of a source's words that a statement must say to cite it
const MAX_CITES = 10;

/** Does a fact still belong in the profile? What was said more than once, or pinned, stays; what was said once fades. */
export function isLasting(fact: Pick<Fact, 'support' | 'updated_at' | 'pinned'>, now: number): boolean {
  return fact.pinned || fact.support > 1 || now - Date.parse(fact.updated_at) < DECAY_DAYS * DAY_MS;
}

/** Insights fade alike. */
export const isRecent = (insight: Pick<Insight, 'created_at'>, now: number): boolean =>
  now - Date.parse(insight.created_at) < DECAY_DAYS * DAY_MS;

/** Statements of the last profile that may live on: confirmed not too long ago, and stating nothing that was closed since. */
export function survivors(statements: ProfileStatement[], closedFacts: string[], now: number): ProfileStatement[] {
  const closed = closedFacts.map(statementOf);
  return statements.filter(({ text, confirmed_at }) => {
    const statement = statementOf(text);
    const gone = closed.some((fact) => sameStatement(fact, statement));
    return !gone && now - Date.parse(confirmed_at) < DECAY_DAYS * DAY_MS;
  });
}

interface Evidence {
  id: string;
  statement: Statement;
  at: string;
}

/** The model's statements with what they rest on and when that was last confirmed; one that rests on nothing keeps its old date. */
export function cite(
  texts: string[],
  known: { facts: Fact[]; insights: Insight[]; previous: ProfileStatement[] },
  now: number,
): ProfileStatement[] {
  const evidence: Evidence[] = [
    ...known.facts.map((f) => ({ id: f.id, statement: statementOf(f.text), at: f.updated_at })),
    ...known.insights.map((i) => ({ id: i.id, statement: statementOf(i.text), at: i.created_at })),
  ];
  return texts.map((text) => {
    const statement = statementOf(text);
    const cited = evidence.filter((e) => sameStatement(e.statement, statement) || says(statement, e.statement)).slice(0, MAX_CITES);
    const before = known.previous.find((p) => p.text === text)?.confirmed_at;
    const confirmed_at =
      cited
        .map((e) => e.at)
        .sort()
        .at(-1) ??
      before ??
      new Date(now).toISOString();
    return { text, cites: cited.map((e) => e.id), confirmed_at };
  });
}

/** A statement says a piece of evidence when it has most of its words. */
function says(statement: Statement, evidence: Statement): boolean {
  const shared = [...evidence.stems].filter((stem) => statement.stems.has(stem)).length;
  return evidence.stems.size > 0 && shared / evidence.stems.size >= COVERED;
}
