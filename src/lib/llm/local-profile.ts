import { type Statement, sameStatement, statementOf } from './overlap.ts';
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
const SAID_ALREADY = 0.8;
/** Words from which on a statement is long enough to be a gathering of others. */
const GATHERS = 6;

/** Statements without a slot are compared each with each: the best supported and newest are enough. */
const MAX_COMPARED = 600;

/** The profile: repetitions merged, of contradicting statements the newest, then by support and recency, at most `max_statements`. */
export function profileOf({ previous, facts, insights, max_statements }: ProfileInput): Profile {
  const offered = [
    ...previous.map((text) => ({ text, support: 1, created_at: '' })),
    ...facts,
    ...insights.map(({ text, created_at }) => ({ text, support: 1, created_at })),
  ];
  const candidates = offered.map(({ text, support, created_at }) => ({
    text,
    support,
    created_at,
    slot: slotOf(text),
    statement: statementOf(text),
  }));
  const slotted = newestOfEach(candidates.filter(({ slot }) => slot !== undefined));
  const others = withoutRepeats(
    candidates
      .filter(({ slot }) => slot === undefined)
      .sort(byWorth)
      .slice(0, MAX_COMPARED),
  );
  return { statements: takeNew([...slotted, ...others].sort(byWorth), max_statements).map(({ text }) => text) };
}

/** One statement a slot: the newest. It inherits the support of those that say the same. */
function newestOfEach(candidates: Candidate[]): Candidate[] {
  const bySlot = new Map<string | undefined, Candidate>();
  for (const newer of candidates.sort(byTime)) {
    const older = bySlot.get(newer.slot);
    bySlot.set(newer.slot, older && repeats(older, newer) ? { ...newer, support: Math.max(newer.support, older.support) } : newer);
  }
  return [...bySlot.values()];
}

/** Of statements that say the same, the newest wording with the best support. */
function withoutRepeats(candidates: Candidate[]): Candidate[] {
  const kept: Candidate[] = [];
  for (const newer of candidates.sort(byTime)) {
    const at = kept.findIndex((older) => repeats(older, newer));
    if (at < 0) kept.push(newer);
    else kept[at] = { ...newer, support: Math.max(newer.support, kept[at]?.support ?? 0) };
  }
  return kept;
}

function repeats(older: Candidate, newer: Candidate): boolean {
  return older.text === newer.text || sameStatement(older.statement, newer.statement);
}

/** An insight that only gathers what is already taken is left out. */
function takeNew(ranked: Candidate[], max: number): Candidate[] {
  const taken: Candidate[] = [];
  const said = new Set<string>();
  for (const candidate of ranked) {
    if (taken.length >= max) break;
    const { stems } = candidate.statement;
    const known = [...stems].filter((stem) => said.has(stem)).length;
    if (stems.size >= GATHERS && known / stems.size >= SAID_ALREADY) continue;
    taken.push(candidate);
    for (const stem of stems) said.add(stem);
  }
  return taken;
}

function byWorth(a: Candidate, b: Candidate): number {
  return b.support - a.support || byTime(b, a) || (a.text < b.text ? -1 : 1);
}

function byTime(a: Candidate, b: Candidate): number {
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
}
