import { FRAME_TOKENS } from '../../llm/tokens.ts';
import type { MessageTokenCount, TokenCount } from '../../model-answers-session.ts';
import type { CountTokensRequest } from '../../requests-session.ts';
import type { Services } from '../../services.ts';

/**
 * Counts a text, or messages one by one. Of messages it says whether they are past the threshold, and which of the oldest have to go
 * so that the rest fit `max_tokens`.
 */
export async function countTokens(
  { tokens }: Services,
  { text, messages, threshold, max_tokens }: CountTokensRequest,
): Promise<TokenCount | MessageTokenCount> {
  if (messages === undefined) {
    const { counts, method } = await tokens.count([text ?? '']);
    return { total_tokens: counts[0] ?? 0, method };
  }
  const counted = await tokens.count(messages.flatMap(({ content, name = '' }) => [content, name]));
  const of = (i: number) => (counted.counts[2 * i] ?? 0) + (counted.counts[2 * i + 1] ?? 0) + FRAME_TOKENS;
  const counts = messages.map((_, i) => of(i));
  const total_tokens = counts.reduce((sum, count) => sum + count, 0);
  return {
    total_tokens,
    counts,
    should_trigger_summary: total_tokens > threshold,
    overflow_messages: messages.slice(0, oldestToGo(counts, total_tokens - max_tokens)),
    method: counted.method,
  };
}

/** How many of the first make up at least `excess`. */
function oldestToGo(counts: number[], excess: number): number {
  let left = excess;
  let leaving = 0;
  while (left > 0 && leaving < counts.length) left -= counts[leaving++] ?? 0;
  return leaving;
}
