import { estimateTokens } from '../../llm/tokens.ts';
import type { SessionHead } from '../../model.ts';
import type { BufferAnswer, BufferInfo } from '../../model-answers-session.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { overflows } from '../reflection/chunk.ts';
import { limitsOf, limitsView } from './limits.ts';
import { messageView } from './messages.ts';
import { readState } from './session-state.ts';
import { bufferStart } from './trust.ts';
import { readSession } from './view.ts';

/** The buffer of a session in figures: messages that no summary covers, and how they stand against its limits. Tokens are estimates. */
export async function bufferInfo(services: Services, { tenant }: Owner, head: SessionHead): Promise<BufferInfo> {
  const limits = limitsOf(services.config.memory, head.config);
  const message_count = head.last_seq - bufferStart(head);
  const { max_buffer_tokens, max_buffer_messages } = limitsView(limits);
  return {
    message_count,
    token_count: head.buffer_tokens,
    ttl_remaining_seconds: (await services.hot.ttl({ tenant, session_id: head.session_id })) ?? 0,
    max_buffer_tokens,
    max_buffer_messages,
    should_trigger_summary: overflows(head, limits),
    over_limit: message_count > max_buffer_messages || head.buffer_tokens > max_buffer_tokens,
  };
}

/** Document 3's context: the buffer, the current summary and the caller's state. Errors: session_not_found, tier_unavailable. */
export async function readBuffer(services: Services, owner: Owner, session_id: string): Promise<BufferAnswer> {
  const { head, rolling, messages } = await readSession(services, { owner, session_id });
  const [buffer_info, state] = await Promise.all([bufferInfo(services, owner, head), stateOf(services, owner, head)]);
  return {
    buffer_messages: messages.map(messageView),
    current_summary: rolling,
    buffer_info,
    total_tokens: head.buffer_tokens + estimateTokens(rolling),
    message_count: buffer_info.message_count,
    ...(state && { state: state.value }),
    token_method: 'estimate',
  };
}

/** The state is a document of its own: most sessions have none, and their heads say so. */
const stateOf = (services: Services, owner: Owner, head: SessionHead) =>
  head.has_state ? readState(services, owner, { session_id: head.session_id, orDegraded: true }) : undefined;
