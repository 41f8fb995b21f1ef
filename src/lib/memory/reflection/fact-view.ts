import type { FactAnswer } from '../../model-answers-memory.ts';
import type { Fact } from '../../model-memory.ts';

/** A fact as callers see it. Whose it is follows from where it lies. */
export function factView(fact: Fact): FactAnswer {
  const { fact_id, fact_kind, text, topics, confidence, support, status, valid_from, valid_to, superseded_by } = fact;
  const { sources, origin, model, created_at, updated_at, quarantine } = fact;
  return {
    id: fact_id,
    user_id: userOf(fact),
    text,
    kind: fact_kind,
    topics,
    confidence,
    support,
    pinned: fact.pinned ?? false,
    status,
    valid_from,
    valid_to,
    superseded_by,
    sources,
    created_at,
    updated_at,
    origin,
    model,
    version: versionOf(fact),
    ...(quarantine && { quarantine }),
  };
}
/** The first version is 1; every edit makes the next. */
export const versionOf = ({ history = [] }: Fact): number => (history.at(-1)?.version ?? 0) + 1;

/** The user whose partition it is in; null for an anonymous session's. */
function userOf({ pk }: Fact): string | null {
  const [, what, user_id = ''] = pk.split('|');
  return what === 'u' ? user_id : null;
}
