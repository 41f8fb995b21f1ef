import type { Reflection } from '../../llm/port.ts';
import type { Message } from '../../model.ts';
import type { Fact, Insight, Source, Summary } from '../../model-memory.ts';
import { digest, factId, insightId, summaryId } from '../../tiers/keys.ts';
import { quarantineOf } from '../facts/quarantine.ts';
import { withoutSecrets } from '../facts/secrets.ts';
import { withoutStatements } from '../facts/without-said.ts';

const MAX_FACTS = 40; // with head, user and summary one Cosmos batch of 100 operations …
const MAX_INSIGHTS = 12; // … has room for both

/** What a reflection yields, as documents. */
export interface Learned {
  summaries: Summary[];
  facts: Fact[];
  insights: Insight[];
}

interface Around {
  pk: string;
  epoch: number;
  messages: Message[];
  /** First seq that the cumulative session summary covers. */
  previousFrom: number;
  head: { session_id: string };
  model: string;
  origin: Fact['origin'];
  now: number;
}

/**
 * A model's reflection as documents with their sources. Ids follow from where the messages lie and what is said, so that doing the
 * same work twice writes the same documents.
 */
export function reflectionDocuments(reflection: Reflection, around: Around): Learned {
  const { epoch, messages, model, origin, pk, head, previousFrom } = around;
  const created_at = new Date(around.now).toISOString();
  const session_id = head.session_id;
  const to_seq = messages.at(-1)?.seq ?? previousFrom;
  const shared = { pk, schema_version: 1 as const, model, created_at };
  const named = (text: string) => digest([session_id, epoch, messages[0]?.seq, text].join('|'));

  const summary: Summary[] = reflection.summary
    ? [
        {
          ...shared,
          id: summaryId(session_id, epoch, { from: previousFrom, to: to_seq, level: 'session' }),
          kind: 'summary',
          level: 'session',
          session_id,
          epoch,
          from_seq: previousFrom,
          to_seq,
          text: withoutSecrets(reflection.summary),
          topics: reflection.topics,
        },
      ]
    : [];
  const facts = reflection.facts.slice(0, MAX_FACTS).map((fact): Fact => {
    const sources = [sourceOf(messages, fact.source_seqs, session_id)];
    const said = messages.find((m) => fact.source_seqs.includes(m.seq))?.created_at ?? created_at;
    const fact_id = named(fact.text);
    const quarantine = quarantineOf(
      fact.text,
      messages.filter((m) => fact.source_seqs.includes(m.seq)),
    );
    return {
      ...shared,
      id: factId(fact_id),
      kind: 'fact',
      fact_id,
      fact_kind: fact.kind,
      text: fact.text,
      topics: fact.topics,
      confidence: fact.confidence,
      support: 1,
      status: quarantine ? 'quarantined' : 'current',
      valid_from: said,
      valid_to: null,
      superseded_by: null,
      sources,
      origin,
      updated_at: created_at,
      ...(quarantine && { quarantine }),
    };
  });
  const apart = facts.filter((fact) => fact.status === 'quarantined').map((fact) => fact.text);
  const insights = reflection.insights.slice(0, MAX_INSIGHTS).flatMap((insight): Insight[] => {
    const sources = [sourceOf(messages, insight.source_seqs, session_id)];
    const text = withoutStatements(withoutSecrets(insight.text), apart);
    return text === '' ? [] : [{ ...shared, id: insightId(named(text)), kind: 'insight', text, session_id, sources }];
  });
  return { summaries: summary, facts: distinct(facts), insights: distinct(insights) };
}

/** One document an id: a batch that writes the same id twice is refused whole. */
const distinct = <T extends { id: string }>(documents: T[]): T[] => [...new Map(documents.map((d) => [d.id, d])).values()];

function sourceOf(messages: Message[], seqs: number[], session_id: string): Source {
  const cited = messages.filter((m) => seqs.includes(m.seq));
  return { session_id, message_ids: cited.map((m) => m.message_id), seqs: cited.map((m) => m.seq) };
}
