import { sameStatement, statementOf } from '../../llm/overlap.ts';
import type { Fact } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

/** Texts that no context may say any more: what was closed, and what a user put other words for. */
export async function staleTexts(services: Services, owner: Owner): Promise<string[]> {
  return (await readHandled(services, owner)).stale;
}

/** The facts that a user pinned, which contexts say first, and what no context may say any more. */
export async function readHandled({ warm }: Services, owner: Owner): Promise<{ pinned: Fact[]; stale: string[] }> {
  const [closed, handled] = await Promise.all([warm.memory.listClosedFacts(owner), warm.facts.listHandled(owner)]);
  const stale = [...closed.flatMap((fact) => [fact.text, ...edited(fact)]), ...handled.flatMap(edited)];
  return { pinned: handled.filter((fact) => fact.pinned), stale };
}

/** What an edited fact said before, where that was something else. */
function edited({ text, history = [] }: Fact): string[] {
  const now = statementOf(text);
  return history.map((version) => version.text).filter((before) => before !== text && !sameStatement(statementOf(before), now));
}
