import type { FactWording } from '../../model-answers-memory.ts';
import type { Fact, FactVersion } from '../../model-memory.ts';
import { versionOf } from '../reflection/fact-view.ts';

const MAX_VERSIONS = 20; // before the current one; older ones are left out

/** What an edit changes. */
export type FactEdit = Partial<Pick<FactVersion, 'text' | 'kind' | 'topics' | 'pinned'>>;

/** The fact as a user wants it to be; what it said until now becomes its last version. */
export function editedFact(fact: Fact, { text, kind, topics, pinned }: FactEdit, at: string): Fact {
  const { fact_kind, history = [] } = fact;
  const before: FactVersion = {
    version: versionOf(fact),
    text: fact.text,
    kind: fact_kind,
    topics: fact.topics,
    pinned: fact.pinned ?? false,
    until: at,
  };
  return {
    ...fact,
    text: text ?? fact.text,
    fact_kind: kind ?? fact_kind,
    topics: topics ?? fact.topics,
    pinned: pinned ?? fact.pinned,
    history: [...history, before].slice(-MAX_VERSIONS),
    updated_at: at,
  };
}

/** The fact in the words that it had at a time (ISO): an edit counts from when it was made. */
export function asOf(fact: Fact, time: string): Fact {
  const then = fact.history?.find((version) => version.until > time);
  if (!then) return fact;
  const { text, kind: fact_kind, topics, pinned } = then;
  return { ...fact, text, fact_kind, topics, pinned, history: fact.history?.filter((version) => version.version < then.version) };
}

/** Every version of a fact, oldest first, the current one last; each with when it held. */
export function versionsOf(fact: Fact): FactWording[] {
  const { fact_kind: kind, text, topics, pinned = false, history = [] } = fact;
  const all = [...history, { version: versionOf(fact), text, kind, topics, pinned, until: fact.valid_to }];
  return all.map(({ until, ...version }, i) => ({ ...version, from: all[i - 1]?.until ?? fact.valid_from, to: until }));
}
