import { gunzipSync, gzipSync } from 'node:zlib';
import { type Segment, SegmentContent } from '../../model-search.ts';
import { appendId } from '../../tiers/keys.ts';
import type { Item } from './corpus.ts';

/** Changes whenever terms are made differently of the same text. */
export const ANALYSIS = 1;
const ROLES: readonly Item['role'][] = ['user', 'assistant', 'system', 'tool'];
const ASKS = 1;
const TIMED = 2;

/** A message as the index holds it: what the corpus needs, and its terms. */
export interface IndexedMessage {
  item: Item;
  /** First seq of the append record that holds it. */
  firstSeq: number;
  counts: [string, number][];
}

/** A list in which each text has one place. */
function createPlaces() {
  const texts: string[] = [];
  const places = new Map<string, number>();
  return {
    texts,
    of(text: string): number {
      const known = places.get(text);
      if (known !== undefined) return known;
      places.set(text, texts.length);
      return texts.push(text) - 1;
    },
  };
}

/** Messages as the content of a segment, with what its document says about them. */
export function packSegment(messages: IndexedMessage[]): Pick<Segment, 'analysis' | 'sessions' | 'messages' | 'entries' | 'content'> {
  const [sessions, names, terms] = [createPlaces(), createPlaces(), createPlaces()];
  const rows = messages.map(({ item, firstSeq, counts }): SegmentContent['rows'][number] => [
    sessions.of(item.session_id),
    ROLES.indexOf(item.role),
    names.of(item.names.join(' ')),
    item.epoch,
    firstSeq,
    item.seq,
    item.at,
    (item.asks ? ASKS : 0) + (item.timed ? TIMED : 0),
    counts.flatMap(([term, count]) => [terms.of(term), count]),
  ]);
  const content: SegmentContent = { sessions: sessions.texts, names: names.texts, terms: terms.texts, rows };
  return {
    analysis: ANALYSIS,
    sessions: sessions.texts,
    messages: rows.length,
    entries: messages.reduce((sum, { counts }) => sum + counts.length, 0),
    content: gzipSync(JSON.stringify(content), { level: 5 }).toString('base64'),
  };
}

/** The messages of a segment, in the order in which they were packed. */
export function unpackSegment({ content }: Pick<Segment, 'content'>): IndexedMessage[] {
  const { sessions, names, terms, rows } = SegmentContent.parse(JSON.parse(gunzipSync(Buffer.from(content, 'base64')).toString('utf8')));
  return rows.map(([session, role, name, epoch, firstSeq, seq, at, flags, pairs]) => {
    const session_id = sessions[session] ?? '';
    const counts: [string, number][] = [];
    let length = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      const count = pairs[i + 1] ?? 0;
      counts.push([terms[pairs[i] ?? -1] ?? '', count]);
      length += count;
    }
    const item: Item = {
      doc: appendId(session_id, epoch, firstSeq),
      seq,
      kind: 'turn',
      session_id,
      epoch,
      at,
      role: ROLES[role] ?? 'user',
      names: names[name] ? (names[name] ?? '').split(' ') : [],
      length,
      asks: (flags & ASKS) !== 0,
      timed: (flags & TIMED) !== 0,
    };
    return { item, firstSeq, counts };
  });
}
