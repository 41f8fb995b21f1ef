import type { UserRecord } from '../../model.ts';
import { type Vector, vectorPath } from '../../model-vectors.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, vectorId } from '../../tiers/keys.ts';
import { embedTexts, modelKey } from './embed-texts.ts';
import { type Embeddable, embeddables, newestSummaries } from './embeddable.ts';
import { type HeldState, moveState, stateFor } from './vector-state.ts';
import { removeOthers, removeStale } from './vector-tidy.ts';

const DOCUMENTS = 25; // looked at in one step
const OVERLAP_SECONDS = 5; // how far the clocks that write `_ts` may be apart
const BATCH_DOCUMENTS = 60;
const BATCH_BYTES = 1_500_000; // of the 2 MB that a batch may have
const NUMBER_BYTES = 14;
const MAX_LOST_RACES = 5;

interface Run {
  owner: Owner;
  timeUp: () => boolean;
}

/**
 * Computes the vectors that a user's memories lack, outside any lock, in the order in which they were written, until all have theirs or
 * the time is up; `left` says that there is more to do. A step is committed only if the user's memory is as it was read, so that nothing
 * comes back after it was forgotten. Killed anywhere, the next run goes on. Without an embedding model, or over a hard budget, it does
 * nothing. Throws a ModelError when the model does not answer.
 */
export async function embedMissing(
  services: Services,
  owner: Owner,
  { timeUp }: Pick<Run, 'timeUp'>,
): Promise<{ embedded: number; left: boolean }> {
  const { embeddings, warm, budget, now } = services;
  const hard = budget.seen({ tenant: owner.tenant, user_id: owner.user_id }).state === 'hard';
  if (embeddings === undefined || hard) return { embedded: 0, left: false };
  const at = new Date(now()).toISOString();
  let held: HeldState | undefined = stateFor(await warm.vectors.readState(owner), { owner, model: embeddings.embedder.model, at });
  const changed = await changedSince(services, owner, held.state.through_ts - OVERLAP_SECONDS);
  let embedded = 0;
  for (let from = 0; from < changed.length; from += DOCUMENTS) {
    if (timeUp()) return { embedded, left: true };
    const slice = changed.slice(from, from + DOCUMENTS);
    const made = await embedDocuments(services, { owner, state: held.state, ids: slice.map(({ id }) => id) });
    if (made === 'lost') return { embedded, left: true };
    embedded += made;
    const through_ts = Math.max(held.state.through_ts, slice.at(-1)?._ts ?? 0);
    if (through_ts === held.state.through_ts && made === 0) continue; // nothing to write down
    held = await moveState(services, owner, { ...held, state: { ...held.state, through_ts } });
    if (held === undefined) return { embedded, left: true };
  }
  if (held.etag === undefined && changed.length === 0) return { embedded, left: false }; // a user of whom nothing is known
  return { embedded, left: !(await finish(services, held, { owner, timeUp })) };
}

/** Ids of what was written since, oldest first. */
async function changedSince({ warm }: Services, owner: Owner, since: number): Promise<{ id: string; _ts: number }[]> {
  const changed = await warm.search.listChanged(owner, since);
  return changed.filter(({ id }) => id.includes('|')).sort((one, other) => one._ts - other._ts || (one.id < other.id ? -1 : 1));
}

interface Step {
  owner: Owner;
  state: HeldState['state'];
  ids: string[];
}

/** Gives these documents the vectors that they lack; how many, or `lost` when the memory changed all the time. */
async function embedDocuments(services: Services, step: Step): Promise<number | 'lost'> {
  const vectors = new Map<string, Vector>(); // made once, however often the commit is tried
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const user = await services.warm.sessions.readUser(step.owner);
    if (user === undefined) return 0;
    const missing = await missingOf(services, step);
    const unknown = missing.filter((one) => vectors.get(idOf(step, one))?.hash !== one.hash);
    for (const vector of await vectorsFor(services, step, unknown)) vectors.set(vector.id, vector);
    const wanted = missing.flatMap((one) => vectors.get(idOf(step, one)) ?? []);
    if (await commitAll(services, step.owner, { user: user.value, vectors: wanted })) return wanted.length;
  }
  return 'lost';
}

const idOf = ({ state }: Step, { item, seq }: Embeddable): string => vectorId(item, { seq, model: modelKey(state.model) });

/** What of these documents has no vector of its present text. */
async function missingOf({ warm }: Services, step: Step): Promise<Embeddable[]> {
  const documents = await warm.search.readFindable(step.owner, step.ids);
  const hasSummaries = documents.some(({ kind }) => kind === 'summary');
  const newest = newestSummaries(hasSummaries ? await warm.vectors.listSummaries(step.owner) : []);
  const all = documents.flatMap((document) => embeddables(document, newest));
  const hashes = await warm.vectors.listHashes(
    step.owner,
    all.map((one) => idOf(step, one)),
  );
  return all.filter((one) => hashes.get(idOf(step, one)) !== one.hash);
}

async function vectorsFor(services: Services, step: Step, missing: Embeddable[]): Promise<Vector[]> {
  if (missing.length === 0) return [];
  const { model } = step.state;
  const texts = missing.map(({ text }) => text);
  const answer = await embedTexts(services, step.owner, { texts, as: model, recorded: true });
  const created_at = new Date(services.now()).toISOString();
  return missing.map(({ item, seq, hash }, n) => {
    const vector = answer.vectors[n] ?? [];
    return {
      id: vectorId(item, { seq, model: modelKey(model) }),
      pk: memoryPartition(step.owner),
      kind: 'vector',
      schema_version: 1,
      item,
      seq,
      model: modelKey(model),
      version: answer.model,
      dimensions: vector.length,
      hash,
      created_at,
      ...(vector.length > 0 && { [vectorPath(vector.length)]: vector }),
    };
  });
}

/** Writes vectors in as few batches as they fit; false as soon as one finds the memory changed. */
async function commitAll({ warm }: Services, owner: Owner, { user, vectors }: { user: UserRecord; vectors: Vector[] }): Promise<boolean> {
  const longest = Math.max(1, ...vectors.map(({ dimensions }) => dimensions));
  const size = Math.max(1, Math.min(BATCH_DOCUMENTS, Math.floor(BATCH_BYTES / (longest * NUMBER_BYTES))));
  for (let from = 0; from < vectors.length; from += size) {
    if (!(await warm.vectors.commit(owner, user, vectors.slice(from, from + size)))) return false;
  }
  return true;
}

/** All have their vectors: the model answers from now on, and what nobody asks any more goes. False when there was no time for all of it. */
async function finish(services: Services, held: HeldState, { owner, timeUp }: Run): Promise<boolean> {
  await removeStale(services, owner);
  const { previous, ...state } = held.state;
  const done = state.complete ? held : await moveState(services, owner, { ...held, state: { ...state, complete: true } });
  if (done === undefined) return false;
  if (!done.state.untidy) return true;
  if (!(await removeOthers(services, owner, { model: state.model, timeUp }))) return false;
  return (await moveState(services, owner, { ...done, state: { ...done.state, untidy: false } })) !== undefined;
}
