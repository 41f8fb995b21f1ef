import { sameStatement, statementOf } from '../../llm/overlap.ts';
import { slotOf } from '../../llm/slots.ts';
import type { Fact, Source } from '../../model-memory.ts';
import { statementsIn } from '../context/closed-facts.ts';

const MAX_SOURCES = 50; // newest sources that a fact names; its support counts all of them

/** What a fact says, taken apart once for many comparisons. */
interface Compared {
  fact: Fact;
  statement: ReturnType<typeof statementOf>;
  slot: string | undefined;
  written: boolean;
}

/**
 * Brings new facts together with those that are there, current and quarantined; answers every fact that is to be written. The same
 * statement again is support for the one that is there. Of two statements that fill one slot (where the user lives, works, …) the one
 * said later holds, and the other is closed with the time and the fact that replaced it: its history stays readable. A pinned fact is
 * closed by the user alone; what would close it waits for the user's decision. Pure.
 */
export function consolidate(there: Fact[], incoming: Fact[], now: number): Fact[] {
  const at = new Date(now).toISOString();
  const all = there.map((fact) => compared(fact, false));
  for (const fact of incoming.toSorted((a, b) => (a.valid_from < b.valid_from ? -1 : 1))) bringIn(all, compared(fact, true), at);
  return all.filter((c) => c.written).map((c) => c.fact);
}

const compared = (fact: Fact, written: boolean): Compared => ({
  fact,
  statement: statementOf(fact.text),
  slot: slotOfFact(fact),
  written,
});

/** A fact that a user added may be in the first person: it fills the slot of what it means. */
export function slotOfFact({ text, origin }: Pick<Fact, 'text' | 'origin'>): string | undefined {
  const slot = slotOf(text);
  return slot !== undefined || origin !== 'user'
    ? slot
    : statementsIn(text)
        .map(slotOf)
        .find((one) => one !== undefined);
}

function bringIn(all: Compared[], coming: Compared, at: string): void {
  const open = all.filter((c) => c.fact.status === 'current');
  const apart = all.filter((c) => c.fact.status === 'quarantined');
  const says = (c: Compared) => sameStatement(c.statement, coming.statement);
  if (open.some((c) => wasEdited(c.fact, coming))) return;
  const same = open.find(says);
  if (coming.fact.status === 'quarantined') {
    const again = same ? undefined : apart.find(says); // what holds already gains nothing by it
    if (again) support(again, coming.fact, at);
    else if (!same) all.push(coming);
    return;
  }
  if (same) {
    support(same, coming.fact, at);
    return;
  }
  const rival = coming.slot === undefined ? undefined : open.find((c) => c.slot === coming.slot);
  if (rival && rival.fact.valid_from <= coming.fact.valid_from) {
    const byUser = coming.fact.origin === 'user';
    if (rival.fact.pinned && !byUser) {
      waitForUser(apart, coming, { all, at });
      return;
    }
    rival.fact = closed(rival.fact, coming.fact, at);
    rival.written = true;
  } else if (rival) {
    coming.fact = closed(coming.fact, rival.fact, at);
  }
  const heldBack = apart.find((c) => says(c) && (c.fact.quarantine === 'tool' || c.fact.quarantine === 'pasted'));
  if (!heldBack || coming.fact.status !== 'current') {
    all.push(coming);
    return;
  }
  // Now the user says it too.
  support(heldBack, coming.fact, at);
  const { quarantine: _decided, ...fact } = heldBack.fact;
  heldBack.fact = { ...fact, status: 'current', updated_at: at };
  heldBack.written = true;
  if (rival && rival.fact.superseded_by === coming.fact.fact_id) rival.fact = { ...rival.fact, superseded_by: fact.fact_id };
}

function support(known: Compared, again: Fact, at: string): void {
  const supported = withSupport(known.fact, again, at);
  known.written ||= supported !== known.fact;
  known.fact = supported;
}

function waitForUser(apart: Compared[], coming: Compared, { all, at }: { all: Compared[]; at: string }): void {
  const waiting = apart.find((c) => sameStatement(c.statement, coming.statement));
  if (waiting) support(waiting, coming.fact, at);
  else all.push({ ...coming, fact: { ...coming.fact, status: 'quarantined', quarantine: 'contradicts_pinned' } });
}

/** Did the user put other words for just this, as it was said in these very messages? */
function wasEdited({ history = [], sources }: Fact, { fact, statement }: Compared): boolean {
  if (history.length === 0) return false;
  const known = new Set(sources.flatMap((source) => source.message_ids));
  const heardBefore = fact.sources.every((source) => source.message_ids.every((id) => known.has(id)));
  return heardBefore && history.some((version) => sameStatement(statementOf(version.text), statement));
}

/** A fact as it is when another one took its place. */
export const closed = (fact: Fact, by: Fact, at: string): Fact => ({
  ...fact,
  status: 'closed',
  valid_to: by.valid_from > fact.valid_from ? by.valid_from : fact.valid_from,
  superseded_by: by.fact_id,
  updated_at: at,
});

/** The same said again elsewhere: one more support. The same messages read again: nothing new. */
function withSupport(fact: Fact, again: Fact, at: string): Fact {
  const known = new Set(fact.sources.flatMap((s) => s.message_ids));
  const fresh = again.sources.filter((s) => s.message_ids.some((id) => !known.has(id)));
  if (fresh.length === 0) return fact;
  return {
    ...fact,
    support: fact.support + fresh.length,
    confidence: Math.max(fact.confidence, again.confidence),
    topics: [...new Set([...fact.topics, ...again.topics])].slice(0, 12),
    valid_from: fact.valid_from < again.valid_from ? fact.valid_from : again.valid_from,
    last_said: latest(fact.last_said ?? fact.valid_from, again.last_said ?? again.valid_from),
    sources: merged(fact.sources, fresh),
    updated_at: at,
  };
}

const latest = (a: string, b: string): string => (a > b ? a : b);
const merged = (old: Source[], fresh: Source[]): Source[] => [...old, ...fresh].slice(-MAX_SOURCES);
