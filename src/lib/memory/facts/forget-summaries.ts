import type { SessionHead } from '../../model.ts';
import type { Forgotten } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { StoredSummary } from '../../tiers/warm-forgotten.ts';
import { whileChanging } from '../sessions/changing.ts';
import { busy, type MemoryOf, type Removal } from './forgotten.ts';

const MAX_LOST_RACES = 20;
const MOST_BYTES = 1_000_000; // of a batch; rolling summaries may be long
const MOST_SUMMARIES = 50;

/** Every summary of the user without the sentences that say what is forgotten. Ranges stay: a text may be empty, not missing. */
export async function forgetInSummaries(services: Services, removal: Removal): Promise<void> {
  const { owner } = removal;
  for (let lost = 0; lost < MAX_LOST_RACES; ) {
    const all = await services.warm.forgotten.listSummaries(owner);
    const rewritten = all.flatMap((summary) => rewrite(summary, removal) ?? []);
    if (rewritten.length === 0) return;
    const bySession = Map.groupBy(rewritten, ({ session_id }) => session_id);
    for (const [session_id, summaries] of bySession) {
      for (const some of pagesOf(summaries)) {
        if (!(await commit(services, removal, { session_id, summaries: some }))) lost++;
      }
    }
  }
  throw busy();
}

async function commit(
  services: Services,
  { owner }: Removal,
  { session_id, summaries }: { session_id: string; summaries: StoredSummary[] },
): Promise<boolean> {
  const { warm } = services;
  const head: SessionHead | undefined = (await warm.sessions.readHead(owner, session_id))?.value;
  const committed = await whileChanging(services, { owner, session_id }, () => warm.forgotten.rewrite(owner, head, summaries));
  if (committed)
    await warm.vectors.removeOf(
      owner,
      summaries.map(({ id }) => id),
    );
  return committed;
}

/** The summary without it; undefined when it says nothing of it. */
function rewrite(summary: StoredSummary, { pending, memory }: Removal): StoredSummary | undefined {
  // In the session in which it was said, an answer that has its names speaks of it.
  const here = pending.filter((one) => one.sources.some((source) => source.session_id === summary.session_id));
  const without = (text: string) => memory.without(text, { names: here });
  const text = without(summary.text);
  const topics = memory.topicsWithout(summary.topics, { only: topicsOf(summary, { pending, memory }) ? pending : here, text });
  const parts = summary.parts && { merged: without(summary.parts.merged), chunks: summary.parts.chunks.map(without) };
  const next = { ...summary, text, topics, ...(parts && { parts }) };
  const same = next.text === summary.text && topics.length === summary.topics.length;
  return same && JSON.stringify(parts) === JSON.stringify(summary.parts) ? undefined : next;
}

/** Did the summary say it, in a session in which the fact itself was not found? */
const topicsOf = ({ text }: StoredSummary, { pending, memory }: { pending: Forgotten[]; memory: MemoryOf }): boolean =>
  memory.without(text, { only: pending }) !== text;

function* pagesOf(summaries: StoredSummary[]): Generator<StoredSummary[]> {
  let page: StoredSummary[] = [];
  let bytes = 0;
  for (const summary of summaries) {
    const size = Buffer.byteLength(JSON.stringify(summary));
    if (page.length > 0 && (page.length >= MOST_SUMMARIES || bytes + size > MOST_BYTES)) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(summary);
    bytes += size;
  }
  if (page.length > 0) yield page;
}
