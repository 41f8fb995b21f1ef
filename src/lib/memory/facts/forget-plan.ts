import { contentTerms, languageOf } from '../../llm/terms.ts';
import type { Fact } from '../../model-memory.ts';
import type { ForgetRequest } from '../../requests-facts.ts';
import { buried, createMemoryOf } from './forgotten.ts';

/** Words with which one asks to forget, before what is to be forgotten. */
const ASKING = /^\s*(?:please |bitte )?(?:forget|delete|remove|erase|vergiss|lösche|entferne)\b(?: (?:that|about|dass|alles über))?/i;

/** What a request to forget comes to. */
export interface ForgetPlan {
  /** Facts that go, with everything that says them. */
  gone: Fact[];
  /** Facts that rest on other sessions too, without what they have of the one that is to be forgotten. */
  reduced: Fact[];
}

/**
 * Which facts a request means, and which others say the same: those of any status, current, closed or quarantined. A query means facts
 * that have all its words; `before`, those that were last said before it. Pure.
 */
export function planForgetting(facts: Fact[], request: ForgetRequest, at: string): ForgetPlan {
  const { session_id } = request;
  const meant = facts.filter((fact) => isMeant(fact, request));
  const only = session_id === undefined ? meant : meant.filter(({ sources }) => sources.every((s) => s.session_id === session_id));
  // What other sessions said too stays, even where a statement that goes says nearly the same.
  const others = session_id === undefined ? facts : only;
  const gone = withTwins(only, others, at);
  const ids = new Set(gone.map((fact) => fact.fact_id));
  return { gone, reduced: meant.filter((fact) => !ids.has(fact.fact_id)) };
}

function isMeant(fact: Fact, { fact_ids, query, topic, session_id, before }: ForgetRequest): boolean {
  if (fact_ids !== undefined) return fact_ids.includes(fact.fact_id);
  if (topic !== undefined) return fact.topics.some((one) => one.toLowerCase() === topic.toLowerCase());
  if (session_id !== undefined) return fact.sources.some((source) => source.session_id === session_id);
  if (before !== undefined) return lastSaid(fact) < before;
  return query !== undefined && hasAllWords(fact, query);
}

/** When a fact was last said; of facts that do not know, the last change, where they were said more than once. */
const lastSaid = ({ last_said, support, updated_at, valid_from }: Fact): string => last_said ?? (support > 1 ? updated_at : valid_from);

/** Is every word of a query that carries meaning among a fact's own, of one of its wordings, and its topics? */
function hasAllWords({ text, topics, history = [] }: Fact, query: string): boolean {
  const asked = query.replace(ASKING, '');
  const wordings = [text, ...history.map((version) => version.text)];
  return wordings.some((wording) => {
    const language = languageOf(wording);
    const wanted = contentTerms(asked, language).map(({ stem }) => stem);
    const has = new Set(contentTerms([wording, ...topics].join(' . '), language).map(({ stem }) => stem));
    return wanted.length > 0 && wanted.every((stem) => has.has(stem));
  });
}

/** The facts with all others that say the same. */
function withTwins(meant: Fact[], facts: Fact[], at: string): Fact[] {
  if (meant.length === 0) return [];
  const ids = new Set(meant.map((fact) => fact.fact_id));
  const memory = createMemoryOf(buried(meant, { at, known: [] }));
  return facts.filter((fact) => ids.has(fact.fact_id) || memory.saidIn(fact.text, 'statement').length > 0);
}
