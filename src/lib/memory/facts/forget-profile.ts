import type { Profile } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { factId, memoryPartition, profileId } from '../../tiers/keys.ts';
import { whileChanging } from '../sessions/changing.ts';
import { busy, type Removal } from './forgotten.ts';

const MAX_LOST_RACES = 20;

/** The profile without statements that say what is forgotten or cite it, and no older profile. */
export async function forgetInProfile(services: Services, { owner, pending, memory: known }: Removal): Promise<void> {
  const { sessions, forget, memory, summaries } = services.warm;
  const gone = new Set(pending.map((one) => factId(one.fact_id)));
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const user = (await sessions.readUser(owner))?.value;
    if (!user) return;
    const profile = await memory.readProfile(owner, user.profile_rev);
    const kept = profile?.statements.filter(({ text, cites }) => !cites.some((id) => gone.has(id)) && known.without(text) === text);
    const rev = user.memory_rev + 1;
    const renewed = profile && kept && kept.length < profile.statements.length && renewedProfile(services, profile, { kept, rev });
    const committed = await whileChanging(services, { owner }, () =>
      renewed
        ? memory.commitProfile(owner, user, { ...renewed, pk: memoryPartition(owner) })
        : forget.commit({ owner, user, replaced: [], deleted: [] }),
    );
    // After a new profile once more, without one: the memory's revision is ahead of it then, and the next reflection renews it.
    if (committed && !renewed) return summaries.remove(owner, await forget.listOlderProfiles(owner, user.profile_rev));
  }
  throw busy();
}

const renewedProfile = ({ now }: Services, profile: Profile, { kept, rev }: { kept: Profile['statements']; rev: number }): Profile => ({
  ...profile,
  id: profileId(rev),
  rev,
  statements: kept,
  created_at: new Date(now()).toISOString(),
});
