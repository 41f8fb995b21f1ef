import { sameStatement, statementOf } from '../../llm/overlap.ts';
import { slotOf } from '../../llm/slots.ts';
import type { Fact, Source } from '../../model-memory.ts';

const MAX_SOURCES = 50; // newest sources that a fact names; its support counts all of them

/** What a fact says, taken apart once for many comparisons. */
interface Compared {
  fact: Fact;
  statement: ReturnType<typeof statementOf>;
  slot: string | undefined;
  written: boolean;
}

/**
 * Brings new facts together with the current ones; answers every fact that is to be written. The same statement again is support for
 * the one that is there. Of two statements that fill one slot (where the user lives, works, …) the one said later holds, and the
 * other is closed with the time and the fact that replaced it: its history stays readable. Pure.
 */
export function consolidate(current: Fact[], incoming: Fact[], now: number): Fact[] {
  const at = new Date(now).toISOString();
  const all = current.map((fact) => compared(fact, false));
  for (const fact of incoming.toSorted((a, b) => (a.valid_from < b.valid_from ? -1 : 1))) bringIn(all, compared(fact, true), at);
  return all.filter((c) => c.written).map((c) => c.fact);
}

const compared = (fact: Fact, written: boolean): Compared => ({
  fact,
  statement: statementOf(fact.text),
  slot: slotOf(fact.text),
  written,
});

function bringIn(all: Compared[], coming: Compared, at: string): void {
  const open = all.filter((c) => c.fact.status === 'current');
  const same = open.find((c) => sameStatement(c.statement, coming.statement));
  if (same) {
    const supported = withSupport(same.fact, coming.fact, at);
    same.written ||= supported !== same.fact;
    same.fact = supported;
    return;
  }
  const rival = coming.slot === undefined ? undefined : open.find((c) => c.slot === coming.slot);
  if (rival && rival.fact.valid_from <= coming.fact.valid_from) {
    rival.fact = closed(rival.fact, coming.fact, at);
    rival.written = true;
  } else if (rival) {
    coming.fact = closed(coming.fact, rival.fact, at);
  }
  all.push(coming);
}

const closed = (fact: Fact, by: Fact, at: string): Fact => ({
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
    sources: merged(fact.sources, fresh),
    updated_at: at,
  };
}

const merged = (old: Source[], fresh: Source[]): Source[] => [...old, ...fresh].slice(-MAX_SOURCES);
