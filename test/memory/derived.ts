import { listFacts } from '../../src/lib/memory/facts/facts.ts';
import { readHierarchy, readNamespaceStats } from '../../src/lib/memory/hierarchy/hierarchy.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { listInsights } from '../../src/lib/memory/reflection/insights.ts';
import { searchMemories } from '../../src/lib/memory/search/search.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { listEndedSummaries, listSessions } from '../../src/lib/memory/sessions/session-lists.ts';
import { readRecord } from '../../src/lib/memory/sessions/session-record.ts';
import { listHistory } from '../../src/lib/memory/sessions/session-summaries.ts';
import { endSession, startSession } from '../../src/lib/memory/sessions/sessions.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import type { Instances } from '../support/instances.ts';
import { ownerIs, recall, TENANT } from '../support/talk.ts';

export interface Who {
  user_id: string;
  session_id: string;
}

/** Runs what was rung, until nothing rings any more. */
export async function work(world: Instances, services: Services = world.instance()): Promise<void> {
  for (let bells = world.rung.splice(0); bells.length > 0; bells = world.rung.splice(0)) {
    for (const { queue, payload } of bells) if (queue !== 'invalidate') await runJob(services, Doorbell.parse(payload));
  }
}

/** Ends a session and reflects on it. */
export async function end(world: Instances, who: Who): Promise<void> {
  await endSession(world.instance(), ownerIs(who), { ...who, wait_ms: 0 });
  await work(world);
}

/** The texts of a user's facts of a status. */
export async function factTexts(services: Services, who: Who, status: 'current' | 'closed' | 'quarantined' | 'all' = 'current') {
  const { facts } = await listFacts(services, ownerIs(who), { status, limit: 100 });
  return facts.map(({ text }) => text);
}

/** Every answer about a user but its verbatim messages, by where it comes from: what is believed, concluded and summarised. */
export async function derived(services: Services, who: Who, query: string): Promise<Record<string, string>> {
  const owner = ownerIs(who);
  const caller = { tenant: TENANT, scopes: [], owner: () => owner, ownerOfSession: () => owner };
  const next = { ...who, session_id: `${who.session_id}-next` };
  const told = async (more: object) => {
    const { active_context: _turns, messages: _messages, formatted_context, ...rest } = await recall(services, who, more);
    return { ...rest, formatted: formatted_context.split('### Recent Conversation')[0]?.split('### Relevant Memories')[0] };
  };
  const wanted = { query, top_k: 100, kinds: ['fact' as const, 'insight' as const, 'summary' as const] };
  const all = { limit: 100, status: 'all' as const };
  const answers = {
    context: await told({}),
    contextWithQuery: await told({ query }),
    retrieve: await searchMemories(services, owner, wanted),
    insights: await listInsights(services, owner, { recentOnly: false }),
    summaries: await listEndedSummaries(services, owner, 100),
    sessions: await listSessions(services, owner, { limit: 100 }),
    facts: await listFacts(services, owner, all),
    believedOnce: await listFacts(services, owner, { limit: 100, as_of: '2026-01-20T00:00:00.000Z' }),
    hierarchy: await readHierarchy(services, caller, { namespace: who.user_id, memory_type: 'all', limit: 100 }),
    stats: await readNamespaceStats(services, caller, { namespace: who.user_id }),
    history: await listHistory(services, owner, { session_id: who.session_id, limit: 100, epoch: 'all' }),
    record: await readRecord(services, owner, who.session_id),
    buffer: (await readBuffer(services, owner, who.session_id)).current_summary,
    newSession: (await startSession(services, ownerIs(next), { ...next, restore: true })).formatted_context,
  };
  return Object.fromEntries(Object.entries(answers).map(([route, answer]) => [route, JSON.stringify(answer)]));
}

/** Which of these answers say something. */
export const saying = (answers: Record<string, string>, what: RegExp): string[] =>
  Object.entries(answers).flatMap(([route, text]) => (what.test(text) ? [route] : []));
