import type { AppendRecord } from '../../model.ts';
import type { FoundMemory } from '../../model-answers-memory.ts';
import type { Source } from '../../model-memory.ts';
import type { Findable } from '../../model-search.ts';
import { versionsOf } from '../facts/versions.ts';
import type { Item } from './corpus.ts';
import type { Recallable } from './recallable.ts';

const idsOf = (sources: Source[]): string[] => sources.flatMap((source) => source.message_ids);

/** What an answer shows of an item, from the document that holds it; undefined when there is nothing to show. */
export function shownAs(item: Item, document: Findable, recallable: Recallable): Omit<FoundMemory, 'score'> | undefined {
  if (document.kind === 'append') return messageShown(item, document, recallable);
  const { text } = document;
  if (document.kind === 'summary') {
    const { id, session_id, created_at: timestamp } = document;
    return { id, kind: 'summary', text, session_id, timestamp, sources: [] };
  }
  const sources = idsOf(document.sources);
  if (document.kind === 'insight') {
    const { id, session_id, created_at: timestamp } = document;
    return { id, kind: 'insight', text, session_id, timestamp, sources };
  }
  const session_id = document.sources[0]?.session_id ?? '';
  const worded = item.seq === 0 ? { text, from: document.valid_from } : versionsOf(document).find(({ version }) => version === item.seq);
  return worded && { id: document.fact_id, kind: 'fact', text: worded.text, session_id, timestamp: worded.from, sources };
}

function messageShown({ seq }: Item, record: AppendRecord, recallable: Recallable): Omit<FoundMemory, 'score'> | undefined {
  const message = record.messages.find((m) => m.seq === seq);
  const text = recallable(record, seq);
  if (!message || text === undefined) return undefined;
  const { session_id } = record;
  const { message_id, created_at, role, name } = message;
  const who = { role, ...(name !== undefined && { name }) };
  return { id: message_id, kind: 'turn', text, session_id, timestamp: created_at, sources: [message_id], seq, ...who };
}
