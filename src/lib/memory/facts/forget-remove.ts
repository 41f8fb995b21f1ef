import type { UserRecord } from '../../model.ts';
import type { Fact, Forgotten, Insight } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { heldAgain } from '../retention/forget-derived.ts';
import { whileChanging } from '../sessions/changing.ts';
import { forgetInProfile } from './forget-profile.ts';
import { forgetInSummaries } from './forget-summaries.ts';
import { busy, createMemoryOf, messagesOf, type Removal, readForgotten } from './forgotten.ts';
import { isExplained } from './unlearn.ts';

const MAX_LOST_RACES = 20;
const PAGE = 25; // facts or insights of a step: with the facts that they closed they fit one batch
const MAX_FACTS = 10_000;
const MAX_INSIGHTS = 10_000;

/**
 * Takes out everything that says what was noted to be forgotten and is still there, then settles the notes; answers them. Every step
 * moves the memory's revision, so that a reflection or a profile that read the old state is not committed.
 */
export async function removeForgotten(services: Services, owner: Owner): Promise<Forgotten[]> {
  const { sessions, forgotten } = services.warm;
  const user = (await sessions.readUser(owner))?.value;
  const pending = (await readForgotten(services, owner, user)).filter((one) => one.removed_at === null);
  if (pending.length === 0) return [];
  const removal = { owner, pending, memory: createMemoryOf(pending) };
  await untilNothingLeft(services, removal, forgetSomeFacts);
  await untilNothingLeft(services, removal, forgetSomeInsights);
  await forgetInSummaries(services, removal);
  await forgetInProfile(services, removal);
  await removeOrphanedVectors(services, owner);
  const removed_at = new Date(services.now()).toISOString();
  await forgotten.settle(
    owner,
    pending.map((one) => ({ ...one, removed_at })),
  );
  return pending;
}

type Step = (services: Services, removal: Removal, user: UserRecord) => Promise<'done' | 'lost' | 'nothing left'>;

async function untilNothingLeft(services: Services, removal: Removal, step: Step): Promise<void> {
  for (let lost = 0; lost < MAX_LOST_RACES; ) {
    const user = (await services.warm.sessions.readUser(removal.owner))?.value;
    const outcome = user ? await step(services, removal, user) : 'nothing left';
    if (outcome === 'nothing left') return;
    if (outcome === 'lost') lost++;
  }
  throw busy();
}

/** The facts themselves. What one of them had closed holds again, or is closed by what closed that one. */
async function forgetSomeFacts(services: Services, { owner, pending }: Removal, user: UserRecord) {
  const { facts, forget } = services.warm;
  const noted = new Set(pending.map((one) => one.fact_id));
  const all = await facts.listAll(owner, MAX_FACTS);
  const gone = all.filter((fact) => noted.has(fact.fact_id)).slice(0, PAGE);
  if (gone.length === 0) return 'nothing left';
  const at = new Date(services.now()).toISOString();
  const goneIds = new Set(gone.map((fact) => fact.fact_id));
  const staying = all.filter((fact) => !noted.has(fact.fact_id));
  const orphans = staying.filter((fact) => fact.status === 'closed' && goneIds.has(fact.superseded_by ?? ''));
  const replaced = orphans.slice(0, PAGE).map((orphan) => {
    const next = successor(orphan, { all, noted });
    return next ? { ...orphan, superseded_by: next.fact_id, valid_to: next.valid_from, updated_at: at } : again(orphan, staying, at);
  });
  // What is still closed by them waits for the next step: they go only when nothing names them any more.
  const deleted = orphans.length > PAGE ? [] : gone.map((fact) => fact.id);
  const committed = await whileChanging(services, { owner }, () => forget.commit({ owner, user, replaced, deleted }));
  if (committed) await services.warm.vectors.removeOf(owner, deleted);
  return committed ? 'done' : 'lost';
}

const again = (orphan: Fact, staying: Fact[], at: string): Fact =>
  heldAgain(
    orphan,
    staying.filter((fact) => fact.status === 'current'),
    at,
  );

/** What closed the fact that is going, and stays itself. */
function successor(orphan: Fact, { all, noted }: { all: Fact[]; noted: Set<string> }): Fact | undefined {
  const seen = new Set<string>();
  for (let id = orphan.superseded_by; id !== null && !seen.has(id); ) {
    seen.add(id);
    const fact = all.find((one) => one.fact_id === id);
    if (!fact || !noted.has(fact.fact_id)) return fact;
    id = fact.superseded_by;
  }
  return undefined;
}

/** Insights that say it, or that rest on its messages and on no other fact of them. */
async function forgetSomeInsights(services: Services, removal: Removal, user: UserRecord) {
  const { owner, pending, memory } = removal;
  const { forget, facts, memory: store } = services.warm;
  const [insights, all] = await Promise.all([store.listInsights(owner, { limit: MAX_INSIGHTS }), facts.listAll(owner, MAX_FACTS)]);
  const heard = messagesOf(pending.flatMap((one) => one.sources));
  const changed = insights.flatMap((insight) => {
    const text = memory.without(insight.text);
    const rests = [...messagesOf(insight.sources)].some((message) => heard.has(message));
    const goes = text === '' || (rests && !isExplained({ ...insight, text }, all));
    return goes || text !== insight.text ? [{ insight, text: goes ? '' : text }] : [];
  });
  const some = changed.slice(0, PAGE);
  if (some.length === 0) return 'nothing left';
  const replaced: Insight[] = some.filter(({ text }) => text !== '').map(({ insight, text }) => ({ ...insight, text }));
  const deleted = some.filter(({ text }) => text === '').map(({ insight }) => insight.id);
  const committed = await whileChanging(services, { owner }, () => forget.commit({ owner, user, replaced, deleted }));
  if (committed)
    await services.warm.vectors.removeOf(
      owner,
      some.map(({ insight }) => insight.id),
    );
  return committed ? 'done' : 'lost';
}

/** Vectors of what is not there any more: a worker may have died between the two. */
async function removeOrphanedVectors({ warm }: Services, owner: Owner): Promise<void> {
  const vectors = await warm.vectors.listDerived(owner);
  const there = vectors.length === 0 ? new Set() : await warm.forget.existing(owner, [...new Set(vectors.map(({ item }) => item))]);
  await warm.vectors.remove(
    owner,
    vectors.filter(({ item }) => !there.has(item)).map(({ id }) => id),
  );
}
