import type { SessionHead } from '../../model.ts';
import type { Watermark } from '../../model-answers.ts';

export function watermarkOf(head: SessionHead): Watermark {
  const { last_seq, summarized_through, reflected_through } = head;
  return { last_seq, summarized_through, reflected_through, pending_messages: last_seq - reflected_through };
}
