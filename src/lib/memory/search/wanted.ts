import type { RetrieveRequest } from '../../requests.ts';
import type { Item } from './corpus.ts';
import type { Belief, UserIndex } from './user-index.ts';

/** What is searched for. `isLeftOut` names messages that the caller has already. */
export type Search = Pick<RetrieveRequest, 'query' | 'top_k' | 'kinds'> &
  Partial<Pick<RetrieveRequest, 'only_session_id' | 'from' | 'to' | 'as_of' | 'topics' | 'include_closed'>> & {
    isLeftOut?: (item: Item) => boolean;
  };

/**
 * Which items a search may find: of the wanted kinds, session, time range and topics. With `as_of` what was believed then: nothing said
 * later, and facts that held at that time; without it facts that hold now, and closed ones when they are asked for.
 */
export function wantedBy({ corpus, beliefs }: UserIndex, search: Search): (at: number) => boolean {
  const kinds = new Set(search.kinds);
  const topics = search.topics && new Set(search.topics.map((topic) => topic.toLowerCase()));
  const asOf = search.as_of === undefined ? undefined : Date.parse(search.as_of);
  const earliest = search.from === undefined ? -Infinity : Date.parse(search.from);
  const latest = search.to === undefined ? Infinity : Date.parse(search.to);

  return (at) => {
    const item = corpus.items[at];
    if (!item || !kinds.has(item.kind)) return false;
    if (search.only_session_id !== undefined && item.session_id !== search.only_session_id) return false;
    if (item.at < earliest || item.at > latest) return false;
    if (search.isLeftOut?.(item)) return false;
    const belief = beliefs.get(at);
    if (asOf !== undefined && (belief?.validFrom ?? item.at) > asOf) return false;
    if (topics && !belief?.topics.some((topic) => topics.has(topic.toLowerCase()))) return false;
    return belief === undefined || held(belief, { asOf, closedToo: search.include_closed === true });
  };
}

/** Whether a fact holds now, or held at a time. */
function held({ status, validTo }: Belief, { asOf, closedToo }: { asOf: number | undefined; closedToo: boolean }): boolean {
  const heldThen = asOf !== undefined && (validTo === null || validTo > asOf);
  if (status === 'edited') return heldThen;
  if (status !== 'closed') return true;
  return asOf === undefined ? closedToo : heldThen;
}
