import type { SessionHead } from '../../model.ts';
import type { Fact, Summary } from '../../model-memory.ts';
import type { Transcript } from '../../model-transcripts.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import type { Wanted } from '../../tiers/warm-hierarchy.ts';
import { factView } from '../reflection/fact-view.ts';
import { messageCount, turnCount } from '../sessions/turns-of.ts';
import { overParts, type Part } from './hierarchy-scope.ts';

type Of = { owner: Owner & { user_id: string } };
type Summarised = Of & { head: SessionHead; summary: Summary };
/** The three levels before they are shown, each newest first by when it happened. */
export interface Levels {
  facts: (Of & { fact: Fact })[];
  summaries: Summarised[];
  transcripts: (Of & { record: Transcript })[];
}
export type LevelName = 'discrete' | 'summary' | 'raw';

/** Reads the levels that are asked for over all parts; `limit` holds for each level. */
export async function readLevels(
  services: Services,
  parts: Part[],
  { levels, ...when }: { levels: LevelName[] } & Omit<Wanted, 'sessions'>,
): Promise<Levels> {
  const { hierarchy } = services.warm;
  const wants = (level: LevelName) => levels.includes(level);
  const read = await overParts(parts, async ({ owner, sessions }) => {
    const wanted = { ...when, sessions };
    const [facts, summaries, transcripts] = await Promise.all([
      wants('discrete') ? hierarchy.listFacts(owner, wanted) : [],
      wants('summary') ? readSummaries(services, owner, wanted) : [],
      wants('raw') ? hierarchy.listTranscripts(owner, wanted) : [],
    ]);
    return {
      facts: facts.map((fact) => ({ owner, fact })),
      summaries: summaries.map((found) => ({ owner, ...found })),
      transcripts: transcripts.map((record) => ({ owner, record })),
    };
  });
  const newest = <T>(all: T[], at: (one: T) => string) => all.toSorted((a, b) => (at(a) < at(b) ? 1 : -1)).slice(0, when.limit);
  return {
    facts: newest(
      read.flatMap((r) => r.facts),
      ({ fact }) => fact.valid_from,
    ),
    summaries: newest(
      read.flatMap((r) => r.summaries),
      ({ head }) => head.started_at,
    ),
    transcripts: newest(
      read.flatMap((r) => r.transcripts),
      ({ record }) => record.created_at,
    ),
  };
}

async function readSummaries({ warm }: Services, owner: Owner, wanted: Wanted) {
  const heads = await warm.hierarchy.listSummarised(owner, wanted);
  const ids = heads.flatMap((head) => head.summary_id ?? []);
  const byId = new Map((await warm.memory.readSummaries(owner, ids)).map((summary) => [summary.id, summary]));
  return heads.flatMap((head) => {
    const summary = byId.get(head.summary_id ?? '');
    return summary ? [{ head, summary }] : [];
  });
}

/** The levels as callers see them, each entry with what it rests on and what rests on it. */
export async function showLevels(services: Services, { facts, summaries, transcripts }: Levels) {
  const sessions = Map.groupBy(
    [
      ...facts.flatMap(({ owner, fact }) => fact.sources.map((source) => ({ owner, session_id: source.session_id }))),
      ...summaries.map(({ owner, head }) => ({ owner, session_id: head.session_id })),
      ...transcripts.map(({ owner, record }) => ({ owner, session_id: record.session_id })),
    ],
    ({ owner }) => owner.user_id,
  );
  const parts = [...sessions.values()].flatMap((of): Part[] => {
    return of[0] ? [{ owner: of[0].owner, sessions: [...new Set(of.map((one) => one.session_id))] }] : [];
  });
  const links = new Map(await overParts(parts, async (part) => [part.owner.user_id, await linksOf(services, part)] as const));
  const at = (user_id: string, session_id: string) => links.get(user_id)?.get(session_id) ?? NO_LINKS;
  return {
    discrete_memories: facts.map(({ owner, fact }) => {
      const of = [...new Set(fact.sources.map((source) => source.session_id))];
      const here = of.map((session_id) => at(owner.user_id, session_id));
      return {
        ...factView(fact),
        session_id: of.at(-1) ?? null,
        links: {
          session_summaries: of.filter((session_id) => at(owner.user_id, session_id).summarised),
          raw_transcripts: here.flatMap((link) => link.raw),
          messages: fact.sources.flatMap((source) => source.message_ids),
        },
      };
    }),
    session_summaries: summaries.map((one) => {
      const { raw, facts: discrete } = at(one.owner.user_id, one.head.session_id);
      return { ...summaryView(one), links: { discrete_memories: discrete, raw_transcripts: raw } };
    }),
    raw_transcripts: transcripts.map(({ owner, record }) => {
      const { summarised, facts: discrete } = at(owner.user_id, record.session_id);
      const links = { session_summary: summarised ? record.session_id : null, discrete_memories: discrete };
      return { ...transcriptView(record), links };
    }),
  };
}

interface Links {
  raw: string[];
  facts: string[];
  summarised: boolean;
}
const NO_LINKS: Links = { raw: [], facts: [], summarised: false };

/** What belongs to each of these sessions. */
async function linksOf({ warm }: Services, { owner, sessions = [] }: Part): Promise<Map<string, Links>> {
  const { hierarchy } = warm;
  const [raw, facts, heads] = await Promise.all([
    hierarchy.linkTranscripts(owner, sessions),
    hierarchy.linkFacts(owner, sessions),
    hierarchy.listSummarised(owner, { sessions, limit: sessions.length }),
  ]);
  const summarised = new Set(heads.map((head) => head.session_id));
  const links = new Map(sessions.map((id): [string, Links] => [id, { raw: [], facts: [], summarised: summarised.has(id) }]));
  for (const { session_id, raw_memory_id } of raw) links.get(session_id)?.raw.push(raw_memory_id);
  for (const { fact_id, sources } of facts) {
    for (const session_id of new Set(sources.map((source) => source.session_id))) links.get(session_id)?.facts.push(fact_id);
  }
  return links;
}

function summaryView({ owner, head, summary }: Summarised) {
  return {
    session_id: head.session_id,
    user_id: owner.user_id,
    summary: summary.text,
    topics: summary.topics,
    created_at: head.started_at,
    ended_at: head.ended_at,
    turn_count: turnCount(head),
    message_count: messageCount(head),
    model: summary.model,
  };
}

/** A transcript without its text. */
export function transcriptView(record: Transcript) {
  const { raw_memory_id, session_id, user_id, metadata, namespace, created_at, queued_at, processed_at } = record;
  const { status, processing_attempts, error, job_id, lines, messages, bytes, length, expired_at } = record;
  return {
    raw_memory_id,
    session_id,
    user_id,
    metadata,
    vectorstore_name: namespace,
    created_at,
    queued_at,
    processed_at,
    status,
    processing_attempts,
    ...(error !== null && { error }),
    job_id,
    lines,
    messages,
    has_session_data: expired_at === null,
    session_data_length: length,
    session_data_bytes: bytes,
    expired: expired_at !== null,
    expired_at,
  };
}
