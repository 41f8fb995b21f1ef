import type { AppendRecord } from '../../model.ts';
import type { Fact, Insight, Summary } from '../../model-memory.ts';
import { versionsOf } from '../facts/versions.ts';
import type { Item } from './corpus.ts';
import { saysWhen } from './query-dates.ts';
import { countsOf, termsOf, wordsOf } from './search-terms.ts';
import type { IndexedMessage } from './segment.ts';

const ROLE_WORDS = new Set(['user', 'assistant', 'agent', 'system', 'tool']);
// Whom facts and insights are about goes without saying: a query about "the user" must not find them all.
const SUBJECT = /^(?:the )?(?:user|nutzer)(?:['’]?s)?\b/i;
const QUESTION = /[?？]["'”’)\]]*\s*$/;

/** Messages of one append record as the index holds them. */
export function indexedMessages(record: AppendRecord): IndexedMessage[] {
  return record.messages.map((message) => {
    const terms = termsOf(wordsOf(message.content));
    const item: Item = {
      doc: record.id,
      seq: message.seq,
      kind: 'turn',
      session_id: record.session_id,
      epoch: record.epoch,
      at: Date.parse(message.created_at),
      role: message.role,
      names: wordsOf(message.name ?? '').filter((word) => !ROLE_WORDS.has(word)),
      length: terms.length,
      asks: QUESTION.test(message.content),
      timed: saysWhen(message.content),
    };
    return { item, firstSeq: record.first_seq, counts: [...countsOf(terms)] };
  });
}

/** A fact in every wording that it has had: the current one as item 0, what an edit replaced by the number of its version. */
export function wordings(fact: Fact) {
  return versionsOf(fact).map(({ version, text, topics, from, to }, i, all) => {
    const isCurrent = i === all.length - 1;
    const { item, counts } = derivedItem({ ...fact, text });
    const status = isCurrent ? fact.status : ('edited' as const);
    const belief = { status, validFrom: Date.parse(from), validTo: to === null ? null : Date.parse(to), topics };
    return { item: { ...item, seq: isCurrent ? 0 : version }, counts, belief };
  });
}

/** A fact, insight or summary with its terms. All are about the user. */
export function derivedItem(found: Fact | Insight | Summary): { item: Item; counts: Map<string, number> } {
  const terms = termsOf(wordsOf(found.text.replace(SUBJECT, '')));
  const item: Item = {
    doc: found.id,
    seq: 0,
    kind: found.kind,
    session_id: found.kind === 'fact' ? (found.sources[0]?.session_id ?? '') : found.session_id,
    epoch: found.kind === 'summary' ? found.epoch : 0,
    at: Date.parse(found.kind === 'fact' ? found.valid_from : found.created_at),
    role: 'user',
    names: [],
    length: terms.length,
    asks: false,
    timed: saysWhen(found.text),
  };
  return { item, counts: countsOf(terms) };
}
