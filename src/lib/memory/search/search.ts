import type { AppendRecord } from '../../model.ts';
import type { Fact, Insight, Summary } from '../../model-memory.ts';
import type { RetrieveKind, RetrieveRequest } from '../../requests.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { bm25 } from './bm25.ts';

const MAX_APPENDS = 5000; // newest stores that a plain ranking reads

/** One thing that can be found, with the messages it rests on. */
export interface Found {
  id: string;
  kind: RetrieveKind;
  text: string;
  score: number;
  session_id: string;
  timestamp: string;
  sources: string[];
  /** Of a message: its place in the session. */
  seq?: number;
}
type Item = Omit<Found, 'score'>;
type Search = Pick<RetrieveRequest, 'query' | 'top_k' | 'kinds'> &
  Partial<Pick<RetrieveRequest, 'only_session_id' | 'from' | 'to' | 'as_of'>>;

/** The user's memories that fit a query best: verbatim messages, facts, insights and summaries of all sessions, ranked by BM25. */
export async function searchMemories(services: Services, owner: Owner, search: Search): Promise<Found[]> {
  const items = (await allItems(services, owner, search.kinds)).filter((item) => isWanted(item, search));
  const scores = bm25(
    search.query,
    items.map((item) => item.text),
  );
  return items
    .map((item, i) => ({ ...item, score: scores[i] ?? 0 }))
    .filter((item) => item.score > 0)
    .sort((a, b) => b.score - a.score || (a.timestamp > b.timestamp ? -1 : a.timestamp < b.timestamp ? 1 : a.id < b.id ? -1 : 1))
    .slice(0, search.top_k);
}

/** Answers `POST /memory/retrieve`. */
export async function retrieve(services: Services, owner: Owner, request: RetrieveRequest) {
  const results = await searchMemories(services, owner, request);
  const shown = request.explain ? results.map((r) => ({ ...r, explain: { bm25: r.score } })) : results;
  return { query: request.query, facts: results.map((r) => r.text), count: results.length, results: shown };
}

const isWanted = (item: Item, { only_session_id, from, to, as_of }: Search): boolean =>
  (only_session_id === undefined || item.session_id === only_session_id) &&
  (from === undefined || item.timestamp >= from) &&
  (to === undefined || item.timestamp <= to) &&
  (as_of === undefined || item.timestamp <= as_of);

async function allItems({ warm }: Services, owner: Owner, kinds: RetrieveKind[]): Promise<Item[]> {
  const wants = (kind: RetrieveKind) => kinds.includes(kind);
  const [facts, insights, summaries, appends] = await Promise.all([
    wants('fact') ? warm.memory.listFacts(owner) : [],
    wants('insight') ? warm.memory.listInsights(owner) : [],
    wants('summary') ? warm.memory.listSummaries(owner) : [],
    wants('turn') ? warm.memory.listAppends(owner, MAX_APPENDS) : [],
  ]);
  return [...facts.map(factItem), ...insights.map(insightItem), ...newest(summaries).map(summaryItem), ...appends.flatMap(messageItems)];
}

const idsOf = (sources: Fact['sources']): string[] => sources.flatMap((s) => s.message_ids);

const factItem = (f: Fact): Item => ({
  id: f.fact_id,
  kind: 'fact',
  text: f.text,
  session_id: f.sources[0]?.session_id ?? '',
  timestamp: f.valid_from,
  sources: idsOf(f.sources),
});
const insightItem = (i: Insight): Item => {
  const { id, text, session_id, created_at: timestamp } = i;
  return { id, kind: 'insight', text, session_id, timestamp, sources: idsOf(i.sources) };
};
const summaryItem = (s: Summary): Item => {
  const { id, text, session_id, created_at: timestamp } = s;
  return { id, kind: 'summary', text, session_id, timestamp, sources: [] };
};
const messageItems = (record: AppendRecord): Item[] =>
  record.messages.map((m) => ({
    id: m.message_id,
    kind: 'turn',
    text: m.content,
    session_id: record.session_id,
    timestamp: m.created_at,
    sources: [m.message_id],
    seq: m.seq,
  }));

/** A session's summary grows by replacement: only its newest one is searched. Expects newest first. */
const newest = (summaries: Summary[]): Summary[] => [
  ...new Map(summaries.toReversed().map((s) => [`${s.session_id}|${s.epoch}`, s])).values(),
];
