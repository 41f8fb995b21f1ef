import { MemoryError } from '../../errors.ts';
import type { SessionHead } from '../../model.ts';
import type { Summary } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, summaryId } from '../../tiers/keys.ts';
import { whileChanging } from './changing.ts';
import { bufferStart } from './trust.ts';
import { sessionNotFound } from './view.ts';

const MAX_LOST_RACES = 20;

/**
 * Leaves what is in the buffer out of contexts from now on: the summary cursor moves to the last message, and a document says which
 * range was cleared. Reflection still reads the messages. Errors: session_not_found, session_busy, tier_unavailable.
 */
export async function clearBuffer(services: Services, owner: Owner, session_id: string) {
  await untilCommitted(services, { owner, session_id }, async (head) => {
    const from = bufferStart(head) + 1;
    if (from > head.last_seq) return true;
    const change = { summarized_through: head.last_seq, summarized_turn: head.turn_no, has_cleared: true };
    const documents = [clearedRange(services, owner, { head, from, to: head.last_seq, of: 'buffer' })];
    return services.warm.memory.commitSummary({ owner, head, change, tokens: head.buffer_tokens, documents });
  });
  return { success: true as const };
}

/**
 * Leaves the summaries of a session out of contexts from now on, and deletes them. What they covered stays covered: the messages do
 * not come back into the buffer. Jobs that read the old summaries write nothing. Errors: as clearBuffer.
 */
export async function clearSummaries(services: Services, owner: Owner, session_id: string) {
  const { summaries, memory } = services.warm;
  let obsolete: string[] = [];
  await untilCommitted(services, { owner, session_id }, async (head) => {
    obsolete = await summaries.listIds(owner, session_id);
    if (obsolete.length === 0) return true;
    const through = bufferStart(head);
    const covered =
      through > head.epoch_seq ? [clearedRange(services, owner, { head, from: head.epoch_seq + 1, to: through, of: 'summaries' })] : [];
    const change = { rolling_id: null, summary_id: null };
    return memory.commitSummary({ owner, head, change, tokens: 0, documents: covered, forgets: true });
  });
  await summaries.remove(owner, obsolete);
  await services.warm.vectors.removeOf(owner, obsolete);
  return { success: true as const };
}

interface Range {
  head: SessionHead;
  from: number;
  to: number;
  of: 'buffer' | 'summaries';
}

function clearedRange({ now }: Services, owner: Owner, { head, from, to, of }: Range): Summary {
  const { session_id, epoch } = head;
  return {
    id: summaryId(session_id, epoch, { from, to, level: `cleared-${of}` }),
    pk: memoryPartition(owner),
    kind: 'summary',
    schema_version: 1,
    level: 'cleared',
    session_id,
    epoch,
    from_seq: from,
    to_seq: to,
    text: '',
    topics: [],
    model: 'caller',
    metadata: { of },
    created_at: new Date(now()).toISOString(),
  };
}

type Attempt = (head: SessionHead) => Promise<boolean>;

async function untilCommitted(
  services: Services,
  { owner, session_id }: { owner: Owner; session_id: string },
  attempt: Attempt,
): Promise<void> {
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const stored = await services.warm.sessions.readHead(owner, session_id);
    if (!stored) throw sessionNotFound(session_id, owner);
    if (await whileChanging(services, { owner, session_id }, () => attempt(stored.value))) return;
  }
  throw new MemoryError('session_busy', `session "${session_id}" had other writers all the time`, { retryAfterSeconds: 1 });
}
