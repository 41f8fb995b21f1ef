import type { InsightsAnswer } from '../../model-answers-memory.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

const RECENT_DAYS = 30; // document 0, "recent insights"
const DAY_MS = 86_400_000;

/** Insights of one user, newest first. `recentOnly` keeps the last 30 days by server time. */
export async function listInsights(
  { warm, now }: Services,
  owner: Owner,
  { recentOnly }: { recentOnly: boolean },
): Promise<InsightsAnswer> {
  const since = recentOnly ? new Date(now() - RECENT_DAYS * DAY_MS).toISOString() : undefined;
  const insights = await warm.memory.listInsights(owner, { since });
  return {
    user_id: owner.user_id,
    insights: insights.map(({ text, created_at, session_id }) => ({ content: text, timestamp: created_at, session_id })),
    count: insights.length,
  };
}
