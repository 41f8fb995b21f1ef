import type { ModelUsage } from '../llm/port.ts';
import type { Services } from '../services.ts';
import { memoryPartition, type Owner, profileId } from '../tiers/keys.ts';
import { whileChanging } from './changing.ts';
import { addUsage } from './usage.ts';

const MAX_STATEMENTS = 40;
const MAX_FACTS = 200;
const MAX_INSIGHTS = 100;
const MAX_LOST_COMMITS = 5;

/**
 * Writes the long-term profile anew from facts, insights and the profile so far, unless it is already of the memory's revision.
 * The commit counts only if nothing was remembered meanwhile; then it is done over. Answers what the model took, if it was asked.
 */
export async function renewProfile(services: Services, owner: Owner): Promise<ModelUsage | undefined> {
  const { sessions, memory } = services.warm;
  let usage: ModelUsage | undefined;
  for (let lost = 0; lost < MAX_LOST_COMMITS; lost++) {
    const user = await sessions.readUser(owner);
    if (!user || user.value.memory_rev === user.value.profile_rev) return usage;
    const [previous, facts, insights] = await Promise.all([
      memory.readProfile(owner, user.value.profile_rev),
      memory.listFacts(owner, MAX_FACTS),
      memory.listInsights(owner, { limit: MAX_INSIGHTS }),
    ]);
    if (facts.length === 0 && insights.length === 0) return usage;
    const answer = await services.model.profile({
      previous: previous?.statements ?? [],
      facts: facts.map(({ text, fact_kind, support, created_at }) => ({ text, kind: fact_kind, support, created_at })),
      insights: insights.map(({ text, created_at }) => ({ text, created_at })),
      max_statements: MAX_STATEMENTS,
    });
    usage = addUsage(usage, answer.usage);
    const rev = user.value.memory_rev + 1;
    const named = { id: profileId(rev), pk: memoryPartition(owner), kind: 'profile', schema_version: 1, rev } as const;
    const profile = { ...named, ...answer.value, model: answer.usage.model, created_at: new Date(services.now()).toISOString() };
    const committed = await whileChanging(services, { owner }, () => memory.commitProfile(owner, user.value, profile));
    if (committed) return usage;
  }
  return usage;
}
