import type { SessionHead } from '../../model.ts';

/** How far the slow work has come: seqs, and how many messages no reflection has covered yet. */
export interface Watermark {
  last_seq: number;
  summarized_through: number;
  reflected_through: number;
  pending_messages: number;
}

export function watermarkOf(head: SessionHead): Watermark {
  const { last_seq, summarized_through, reflected_through } = head;
  return { last_seq, summarized_through, reflected_through, pending_messages: last_seq - reflected_through };
}
