import { MemoryError } from '../../errors.ts';
import { slotOf } from '../../llm/slots.ts';
import type { Fact, Profile } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, profileId } from '../../tiers/keys.ts';
import { whileChanging } from '../sessions/changing.ts';

const MAX_LOST_RACES = 20;
const PAGE = 25; // facts and insights of a step: with the facts that they closed they fit one batch

/**
 * Takes out of a user's memory what was derived from a session: insights, and facts that rest on nothing else; a fact with other
 * sources only loses this one. Then the profile without what rested on them. Every step moves the memory's revision, so that a
 * reflection or a profile that read the old state is not committed. Errors: session_busy, tier_unavailable.
 */
export async function forgetDerived(services: Services, owner: Owner, session_id: string): Promise<void> {
  for (let lost = 0; lost < MAX_LOST_RACES; ) {
    const step = await forgetSome(services, owner, session_id);
    if (step === 'nothing left') return forgetInProfile(services, owner);
    if (step === 'lost') lost++;
  }
  throw busy(session_id);
}

const busy = (session: string): MemoryError =>
  new MemoryError('session_busy', `the memory behind session "${session}" had other writers all the time`, { retryAfterSeconds: 1 });

async function forgetSome(services: Services, owner: Owner, session_id: string): Promise<'done' | 'lost' | 'nothing left'> {
  const { sessions, forget, memory } = services.warm;
  const user = await sessions.readUser(owner);
  if (!user) return 'nothing left';
  const [facts, insights] = await Promise.all([forget.listFacts(owner, session_id, PAGE), forget.listInsights(owner, session_id, PAGE)]);
  if (facts.length + insights.length === 0) return 'nothing left';
  const at = new Date(services.now()).toISOString();
  const left = facts.map((fact) => withoutSession(fact, session_id, at));
  const gone = left.filter((fact) => fact.sources.length === 0);
  const goneIds = gone.map((fact) => fact.fact_id);
  const [orphans, current] = await Promise.all([forget.listClosedBy(owner, goneIds), memory.listFacts(owner)]);
  const changed = new Map(left.filter((fact) => fact.sources.length > 0).map((fact) => [fact.id, fact]));
  const standing = current.filter((fact) => !goneIds.includes(fact.fact_id));
  for (const orphan of orphans.slice(0, PAGE)) {
    const kept = changed.get(orphan.id) ?? orphan;
    if (!gone.some((fact) => fact.id === orphan.id)) changed.set(orphan.id, heldAgain(kept, standing, at));
  }
  // What is still closed by them waits for the next step: they go only when nothing names them any more.
  const deletable = orphans.length > PAGE ? [] : gone.map((fact) => fact.id);
  const deleted = [...deletable, ...insights.map((insight) => insight.id)];
  const commit = { owner, user: user.value, replaced: [...changed.values()], deleted };
  if (!(await whileChanging(services, { owner }, () => forget.commit(commit)))) return 'lost';
  await services.warm.vectors.removeOf(owner, deleted);
  return 'done';
}

/** A fact with the sources that other sessions are. */
export function withoutSession(fact: Fact, session_id: string, at: string): Fact {
  const sources = fact.sources.filter((source) => source.session_id !== session_id);
  const support = Math.max(sources.length, fact.support - (fact.sources.length - sources.length));
  return { ...fact, sources, support, updated_at: at };
}

/** What closed this fact was forgotten: it holds again, unless another current fact fills its slot. */
export function heldAgain(fact: Fact, standing: Fact[], at: string): Fact {
  const slot = slotOf(fact.text);
  const rival = slot === undefined ? undefined : standing.find((other) => other.id !== fact.id && slotOf(other.text) === slot);
  if (rival) return { ...fact, superseded_by: rival.fact_id, valid_to: later(rival.valid_from, fact.valid_from), updated_at: at };
  return { ...fact, status: 'current', valid_to: null, superseded_by: null, updated_at: at };
}

const later = (a: string, b: string): string => (a > b ? a : b);

/** The profile without statements whose evidence is not all there; what still holds comes back with the next reflection. */
async function forgetInProfile(services: Services, owner: Owner): Promise<void> {
  const { sessions, forget, memory, summaries } = services.warm;
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const user = await sessions.readUser(owner);
    if (!user) return;
    const profile = await memory.readProfile(owner, user.value.profile_rev);
    const rev = user.value.memory_rev + 1;
    const kept = profile && (await withEvidence(services, owner, profile));
    const renewed =
      profile && kept?.length !== profile.statements.length ? renewedProfile(services, owner, { profile, kept, rev }) : undefined;
    const committed = await whileChanging(services, { owner }, () =>
      renewed ? memory.commitProfile(owner, user.value, renewed) : forget.commit({ owner, user: user.value, replaced: [], deleted: [] }),
    );
    // After a new profile once more, without one: the memory's revision is ahead of it then, and the next reflection renews it.
    if (committed && !renewed) return summaries.remove(owner, await forget.listOlderProfiles(owner, user.value.profile_rev));
  }
  throw busy(owner.session_id ?? '');
}

async function withEvidence({ warm }: Services, owner: Owner, { statements }: Profile): Promise<Profile['statements']> {
  const there = await warm.forget.existing(owner, [...new Set(statements.flatMap((statement) => statement.cites))]);
  return statements.filter(({ cites }) => cites.length > 0 && cites.every((id) => there.has(id)));
}

function renewedProfile(
  { now }: Services,
  owner: Owner,
  { profile, kept = [], rev }: { profile: Profile; kept: Profile['statements'] | undefined; rev: number },
): Profile {
  const at = { id: profileId(rev), pk: memoryPartition(owner), rev };
  return { ...profile, ...at, statements: kept, created_at: new Date(now()).toISOString() };
}
