import type { LocalFact } from './local-facts.ts';
import type { ReflectedInsight } from './port.ts';

const MAX_NAMED = 5;

/** Conclusions that several facts, or a stressed one, allow: what the user prefers, what they are after. */
export function insightsOf(facts: LocalFact[]): ReflectedInsight[] {
  const preferences = facts.filter(({ kind }) => kind === 'preference');
  const goals = facts.filter(({ goal }) => goal);
  return [conclude("User's stated preferences", preferences), conclude('User is after', goals)].flatMap((insight) => insight ?? []);
}

function conclude(opening: string, facts: LocalFact[]): ReflectedInsight | undefined {
  const [named, rest] = [facts.slice(0, MAX_NAMED), facts.slice(MAX_NAMED)];
  if (named.length === 0) return undefined;
  const parts = named.map(({ text }) => text.replace(/^User(?:'s)? /, '').replace(/\.$/, ''));
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return { text: `${opening}: ${parts.join('; ')}${more}.`, source_seqs: facts.flatMap(({ source_seqs }) => source_seqs) };
}
