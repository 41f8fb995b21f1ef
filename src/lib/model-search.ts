import { z } from 'zod';
import { AppendRecord, Id, Seq } from './model.ts';
import { Fact, Insight, Summary } from './model-memory.ts';

/** A part of a user's search index: what can be found of some messages. Their texts are not in it. */
export const Segment = z.object({
  id: z.string(),
  pk: z.string(),
  kind: z.literal('segment'),
  schema_version: z.literal(1),
  /** How terms are made of texts: a segment of another analysis is passed over and written anew. */
  analysis: z.number().int(),
  /** Sessions that it has messages of. */
  sessions: z.array(Id),
  /** Everything stored before this time of Cosmos DB (`_ts`, seconds) is in this segment or an earlier one. */
  through_ts: z.number().int(),
  messages: Seq,
  /** Pairs of message and term: what its size follows from. */
  entries: Seq,
  /** SegmentContent as gzipped JSON in base64. */
  content: z.string(),
});
export type Segment = z.infer<typeof Segment>;

/** One message: places of session, role and name in their lists, epoch, first seq of its record, seq, time (ms), flags, pairs of term and count. */
const Row = z.tuple([Seq, Seq, Seq, Seq, Seq, Seq, z.number(), Seq, z.array(Seq)]);
export const SegmentContent = z.object({
  sessions: z.array(Id),
  names: z.array(z.string()),
  terms: z.array(z.string()),
  rows: z.array(Row),
});
export type SegmentContent = z.infer<typeof SegmentContent>;

const written = { _ts: z.number().int(), _etag: z.string() };
/** What can be found, as it is stored, with when and as which version Cosmos DB wrote it. */
export const Findable = z.discriminatedUnion('kind', [
  AppendRecord.extend(written),
  Fact.extend(written),
  Insight.extend(written),
  Summary.extend(written),
]);
export type Findable = z.infer<typeof Findable>;

/** That a document was written, without what it says. */
export const Changed = z.object({ id: z.string(), purge_rev: Seq.optional(), forget_rev: Seq.optional(), ...written });
export type Changed = z.infer<typeof Changed>;
/** How far a session has come: seqs count from 1 through all its epochs. */
export const SessionLength = z.object({ session_id: Id, epoch: Seq, epoch_seq: Seq, last_seq: Seq });
export type SessionLength = z.infer<typeof SessionLength>;
export const StoredSegment = Segment.extend(written);
export type StoredSegment = z.infer<typeof StoredSegment>;
