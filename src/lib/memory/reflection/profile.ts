import type { UserRecord } from '../../model.ts';
import type { Profile } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { memoryPartition, type Owner, profileId } from '../../tiers/keys.ts';
import { createMemoryOf, readForgotten } from '../facts/forgotten.ts';
import { staleTexts } from '../facts/handled.ts';
import { whileChanging } from '../sessions/changing.ts';
import { cite, isLasting, isRecent, survivors } from './profile-policy.ts';

const MAX_STATEMENTS = 40;
const MAX_FACTS = 200;
const MAX_INSIGHTS = 100;
const MAX_LOST_COMMITS = 5;

/**
 * Writes the long-term profile anew from facts, insights and the profile so far, when it is due. The commit counts only if nothing
 * was remembered meanwhile; then it is done over.
 */
export async function renewProfile(services: Services, owner: Owner): Promise<void> {
  for (let lost = 0; lost < MAX_LOST_COMMITS; lost++) {
    const user = await services.warm.sessions.readUser(owner);
    if (!user) return;
    const previous = await services.warm.memory.readProfile(owner, user.value.profile_rev);
    if (!isDue(user.value, previous, services.config.memory.profileEverySessions)) return;
    if (await writeProfile(services, owner, { user, previous })) return;
  }
}

/** Something was remembered since the last profile, and enough sessions ended since. The first profile waits for nothing. */
export function isDue(user: UserRecord, previous: Profile | undefined, everySessions: number): boolean {
  if (user.memory_rev === user.profile_rev) return false;
  return previous === undefined || everySessions <= 1 || user.sessions_ended - previous.sessions_ended >= everySessions;
}

/** False when something was remembered meanwhile. */
async function writeProfile(
  services: Services,
  owner: Owner,
  { user, previous }: { user: Stored<UserRecord>; previous: Profile | undefined },
): Promise<boolean> {
  const { memory } = services.warm;
  const now = services.now();
  const [allFacts, allInsights, stale, forgotten] = await Promise.all([
    memory.listFacts(owner, MAX_FACTS),
    memory.listInsights(owner, { limit: MAX_INSIGHTS }),
    staleTexts(services, owner),
    readForgotten(services, owner, user.value),
  ]);
  // What is being forgotten just now may still be there; what was forgotten before is not.
  const going = createMemoryOf(forgotten.filter((one) => one.removed_at === null));
  const stays = ({ text }: { text: string }) => going.without(text) === text;
  const facts = allFacts.filter((fact) => isLasting(fact, now) && stays(fact));
  const insights = allInsights.filter((insight) => isRecent(insight, now) && stays(insight));
  const alive = survivors(previous?.statements ?? [], stale, now).filter(stays);
  if (facts.length + insights.length + alive.length === 0 && !previous) return true;
  const { value, usage } = await services.model.profile({
    previous: alive.map((statement) => statement.text),
    facts: facts.map(({ text, fact_kind, support, updated_at }) => ({ text, kind: fact_kind, support, created_at: updated_at })),
    insights: insights.map(({ text, created_at }) => ({ text, created_at })),
    max_statements: MAX_STATEMENTS,
  });
  const rev = user.value.memory_rev + 1;
  const profile: Profile = {
    id: profileId(rev),
    pk: memoryPartition(owner),
    kind: 'profile',
    schema_version: 1,
    rev,
    sessions_ended: user.value.sessions_ended,
    statements: cite(value.statements, { facts, insights, previous: alive }, now),
    model: usage.model,
    created_at: new Date(now).toISOString(),
  };
  return whileChanging(services, { owner }, () => memory.commitProfile(owner, user.value, profile));
}
