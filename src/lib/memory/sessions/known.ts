import { sameStatement, statementOf } from '../../llm/overlap.ts';
import type { UserRecord } from '../../model.ts';
import type { Fact, Profile } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { decoded } from '../../tiers/decoded.ts';
import type { HotMemory } from '../../tiers/hot.ts';
import type { Owner } from '../../tiers/keys.ts';
import { withoutClosed } from '../context/closed-facts.ts';
import { readHandled } from '../facts/handled.ts';

const MAX_INSIGHTS = 50; // newest session insights kept at hand for a context
const MAX_SUMMARIES = 20;

/** What a context may say about a user beyond the running session: one JSON text in Redis, rebuilt from Cosmos alike. */
export interface Known {
  memory_rev: number;
  profile: { statements: string[]; timestamp: string } | null;
  insights: { content: string; timestamp: string; session_id: string }[];
  summaries: { session_id: string; summary: string; timestamp: string; topics: string[] }[];
}

export const NOTHING_KNOWN: Known = { memory_rev: 0, profile: null, insights: [], summaries: [] };

/** Reads a user's memory from Cosmos as of `user`, and installs it in Redis if nobody changed it since `gen` was seen. */
export async function loadKnown(
  services: Services,
  owner: Owner,
  { user, gen }: { user: Stored<UserRecord>; gen: string | undefined },
): Promise<Known> {
  const { memory, sessions } = services.warm;
  const [profile, insights, { pinned, stale: closed }, ended] = await Promise.all([
    memory.readProfile(owner, user.value.profile_rev),
    memory.listInsights(owner, { limit: MAX_INSIGHTS }),
    readHandled(services, owner),
    sessions.listEnded(owner, MAX_SUMMARIES),
  ]);
  const summaries = await memory.readSummaries(
    owner,
    ended.flatMap((head) => head.summary_id ?? []),
  );
  const byId = new Map(summaries.map((s) => [s.id, s]));
  const known: Known = {
    memory_rev: user.value.memory_rev,
    profile: profileOf(profile, { pinned, closed }),
    insights: insights.flatMap((i) => {
      const content = withoutClosed(i.text, closed);
      return content ? [{ content, timestamp: i.created_at, session_id: i.session_id }] : [];
    }),
    summaries: ended.flatMap((head) => {
      const found = byId.get(head.summary_id ?? '');
      const summary = found && withoutClosed(found.text, closed);
      if (!summary) return [];
      const topics = summary === found.text ? found.topics : found.topics.filter((topic) => summary.includes(topic));
      return [{ session_id: head.session_id, summary, timestamp: head.ended_at ?? found.created_at, topics }];
    }),
  };
  if (gen !== undefined) await services.hot.installMemory(owner, gen, { doc: JSON.stringify(known), etag: user.etag });
  return known;
}

/** What the user pinned, then the profile without what it says again and what no longer holds. */
function profileOf(profile: Profile | undefined, { pinned, closed }: { pinned: Fact[]; closed: string[] }): Known['profile'] {
  if (!profile && pinned.length === 0) return null;
  const first = pinned.map((fact) => ({ text: fact.text, statement: statementOf(fact.text) }));
  const isNew = (text: string) => !first.some((one) => one.text === text || sameStatement(one.statement, statementOf(text)));
  const statements = (profile?.statements ?? [])
    .map(({ text }) => text)
    .filter((text) => isNew(text) && withoutClosed(text, closed) !== '');
  return { statements: [...first.map((one) => one.text), ...statements], timestamp: profile?.created_at ?? pinned[0]?.updated_at ?? '' };
}

/** The cached memory of a user; undefined when there is none, somebody is changing it, or its text cannot be decoded. */
export const parseKnown = (memory: HotMemory): Known | undefined =>
  memory.doc === undefined || memory.busy ? undefined : knownIn(memory.doc);

function knownIn(doc: string): Known | undefined {
  const known = decoded(doc) as Partial<Known> | null | undefined;
  return Array.isArray(known?.insights) && Array.isArray(known.summaries) ? (known as Known) : undefined;
}
