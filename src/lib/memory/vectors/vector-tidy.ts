import type { EmbeddingModel } from '../../llm/port.ts';
import type { Services } from '../../services.ts';
import { type Owner, SUMMARIES } from '../../tiers/keys.ts';
import { modelKey } from './embed-texts.ts';
import { newestSummaries } from './embeddable.ts';

const PAGE = 100;

/** Deletes the vectors by other models. False when the time was up. */
export async function removeOthers(
  { warm }: Services,
  owner: Owner,
  { model, timeUp }: { model: EmbeddingModel; timeUp: () => boolean },
): Promise<boolean> {
  for (let full = true; full; ) {
    if (timeUp()) return false;
    const others = await warm.vectors.listOthers(owner, modelKey(model), PAGE);
    await warm.vectors.remove(owner, others);
    full = others.length === PAGE;
  }
  return true;
}

/**
 * Deletes the vectors of summaries that later ones took in, and of facts and insights that are gone, where whoever deleted them died
 * before their vectors. Vectors of messages go with their messages.
 */
export async function removeStale({ warm }: Services, owner: Owner): Promise<void> {
  const { vectors } = warm;
  const held = await vectors.listDerived(owner);
  if (held.length === 0) return;
  const newest = newestSummaries(await vectors.listSummaries(owner));
  const derived = held.filter(({ item }) => !item.startsWith(SUMMARIES)).map(({ item }) => item);
  const there = await warm.forget.existing(owner, derived);
  const wanted = (item: string) => (item.startsWith(SUMMARIES) ? newest.has(item) : there.has(item));
  await vectors.remove(
    owner,
    held.filter(({ item }) => !wanted(item)).map(({ id }) => id),
  );
}
