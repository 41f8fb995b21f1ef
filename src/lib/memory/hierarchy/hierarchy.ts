import type { Caller } from '../../caller.ts';
import type { HierarchyQuery } from '../../requests-transcripts.ts';
import type { Services } from '../../services.ts';
import { processedToday } from '../transcripts/processing.ts';
import { type LevelName, readLevels, showLevels } from './hierarchy-levels.ts';
import { overParts, partsOf } from './hierarchy-scope.ts';

const ALL: LevelName[] = ['discrete', 'summary', 'raw'];

/** The three levels of what a namespace remembers, newest first by when it happened, as filtered. */
export async function readHierarchy(services: Services, caller: Caller, asked: HierarchyQuery & { namespace: string }) {
  const { namespace, session_id, memory_type, start_date, end_date, limit } = asked;
  const parts = await partsOf(services, caller, { namespace, session_id });
  const levels = memory_type === 'all' ? ALL : [memory_type];
  const shown = await showLevels(services, await readLevels(services, parts, { levels, from: start_date, to: end_date, limit }));
  const given = { session_id, start_date, end_date };
  const total_count = Object.values(shown).reduce((sum, level) => sum + level.length, 0);
  return {
    success: true as const,
    vectorstore_name: namespace,
    results: {
      ...shown,
      total_count,
      filtered_by: { memory_type, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) },
    },
    query_params: {
      session_id: session_id ?? null,
      memory_type,
      start_date: start_date ?? null,
      end_date: end_date ?? null,
      limit,
    },
  };
}

/** A namespace in figures. Those of other users' parts are of the transcripts that happened last (at most 1,000). */
export async function readNamespaceStats(services: Services, caller: Caller, { namespace }: { namespace: string }) {
  const { hierarchy } = services.warm;
  const parts = await partsOf(services, caller, { namespace });
  const rows = await overParts(parts, async ({ owner, sessions }) => {
    const [facts, all, summarised, transcripts, expired] = await Promise.all([
      hierarchy.countFacts(owner, sessions),
      hierarchy.countSessions(owner, sessions, { summarised: false }),
      hierarchy.countSessions(owner, sessions, { summarised: true }),
      hierarchy.countTranscripts(owner, sessions),
      hierarchy.countExpired(owner, sessions),
    ]);
    return { facts, all, summarised, transcripts, expired };
  });
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const byStatus = rows.flatMap((row) => row.transcripts);
  const count = (status: string) => byStatus.reduce((total, row) => total + (row.status === status ? row.n : 0), 0);
  const [discrete_memories, session_summaries] = [sum((row) => row.facts), sum((row) => row.summarised)];
  const raw_transcripts = byStatus.reduce((total, row) => total + row.n, 0);
  const queued = count('queued');
  return {
    success: true as const,
    vectorstore_name: namespace,
    basic_stats: { users: rows.filter((row) => row.all + row.facts + row.transcripts.length > 0).length, sessions: sum((row) => row.all) },
    hierarchy_stats: {
      discrete_memories,
      session_summaries,
      raw_transcripts,
      total_items: discrete_memories + session_summaries + raw_transcripts,
    },
    processing_stats: {
      processed: count('processed'),
      queued,
      errors: count('error'),
      queue_size: queued,
      processed_today: await processedToday(services, caller),
    },
    storage_stats: {
      raw_transcript_bytes: byStatus.reduce((total, row) => total + row.bytes, 0),
      expired_transcripts: sum((row) => row.expired),
    },
    timestamp: new Date(services.now()).toISOString(),
  };
}
