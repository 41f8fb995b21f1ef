import type { ReflectInput } from '../../llm/port.ts';
import type { AppendRecord, Message, SessionHead, UserRecord } from '../../model.ts';
import type { Fact, Forgotten } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { memoryPartition, type Owner, ownerOf } from '../../tiers/keys.ts';
import { removeForgotten } from '../facts/forget-remove.ts';
import { readForgotten } from '../facts/forgotten.ts';
import { createUnlearning, type Heard, type Unlearned, type Unlearning } from '../facts/unlearn.ts';
import { type JobHandle, sessionOf, type WorkDone } from '../jobs/job-handle.ts';
import { askIndexWhenDue } from '../search/ask-index.ts';
import { whileChanging } from '../sessions/changing.ts';
import { bufferStart } from '../sessions/trust.ts';
import { consolidate } from './consolidate.ts';
import { renewProfile } from './profile.ts';
import { type Learned, reflectionDocuments } from './reflection.ts';

const STEP_MESSAGES = 60; // one model call reads at most this many messages …
const STEP_TOKENS = 12_000; // … and about this many tokens
const KNOWN_FACTS = 200;
const MAX_LOST_COMMITS = 10;
const FORGETTING_MS = 300_000; // longer than a request may take

/** What a reflection has done so far; the numbers that `sessions/end` answers with. */
interface Done extends Record<string, unknown> {
  summary_generated: boolean;
  facts_count: number;
  insights_count: number;
  reflected_through: number;
}

/**
 * The `reflect` job: from the cursor to the end of the session in bounded steps, each one model call outside any lock and one commit
 * of summary, facts, insights and cursor together; then the long-term profile is written anew. Facts name their `origin`.
 */
export async function reflect(
  services: Services,
  handle: JobHandle,
  { origin = 'reflection' }: { origin?: Fact['origin'] } = {},
): Promise<WorkDone> {
  const { tenant, user_id } = handle.job;
  const session_id = sessionOf(handle.job);
  const owner = ownerOf(tenant, user_id, session_id);
  let done = { summary_generated: false, facts_count: 0, insights_count: 0, reflected_through: 0, ...handle.job.result } as Done;
  for (let lost = 0; lost < MAX_LOST_COMMITS; ) {
    // What a transcript says was handed in when its job was asked for, however late it is stored.
    const handedIn = origin === 'transcript' ? handle.job.created_at : undefined;
    const step = await readStep(services, owner, { session: session_id, handedIn });
    if (!step) break;
    const { value, usage } = await services.model.reflect(step.input);
    const found = reflectionDocuments(value, { ...step, origin, pk: memoryPartition(owner), model: usage.model, now: services.now() });
    const learned = step.unlearning.learned(found);
    if (await commit(services, { owner, step, learned })) done = add(done, learned, step.messages.at(-1)?.seq ?? 0);
    else lost++;
    await handle.checkpoint(done);
    if (handle.timeUp()) return { result: done, more: true };
  }
  await renewProfile(services, owner);
  await askIndexWhenDue(services, owner);
  await handle.checkpoint(done);
  return { result: done };
}

const add = (done: Done, { summaries, facts, insights }: Learned, through: number): Done => ({
  summary_generated: done.summary_generated || summaries.length > 0,
  facts_count: done.facts_count + facts.length,
  insights_count: done.insights_count + insights.length,
  reflected_through: through,
});

/** The next messages after the cursor, all of one epoch, with what the model should know beside them. */
export interface Step {
  head: SessionHead;
  user: UserRecord;
  epoch: number;
  messages: Message[];
  previousFrom: number;
  /** The session summary that this step goes on from. */
  previousId: string | undefined;
  input: ReflectInput;
  /** Keeps what was forgotten out of what is read and written. */
  unlearning: Unlearning;
}

async function readStep(
  services: Services,
  owner: Owner,
  { session, handedIn }: { session: string; handedIn: string | undefined },
): Promise<Step | undefined> {
  const { sessions, memory } = services.warm;
  const { head, user } = await sessions.readHeadAndUser(owner, session);
  if (!head || !user || head.value.last_seq <= head.value.reflected_through) return undefined;
  const after = head.value.reflected_through;
  // What an earlier epoch left behind is found by its seq; within this epoch the ids say where to read on.
  const inEpoch = after >= head.value.epoch_seq;
  const epoch = inEpoch ? head.value.epoch : (await sessions.nextAppend(owner, session, after))?.epoch;
  if (epoch === undefined) return undefined;
  const range = { epoch, after, through: Math.min(after + window(head.value), head.value.last_seq) };
  const [records, previous, facts, forgotten] = await Promise.all([
    sessions.readAppends(owner, session, range),
    memory.latestSummary(owner, session, epoch),
    memory.listFacts(owner, KNOWN_FACTS),
    readForgotten(services, owner, user.value),
  ]);
  if (forgotten.some((one) => wasLeft(one, services.now()))) {
    await removeForgotten(services, owner);
    return readStep(services, owner, { session, handedIn });
  }
  const found = records.flatMap((record) => record.messages).filter((m) => m.seq > after && m.seq <= range.through);
  const messages = withinTokens(found);
  const heard = heardOf(records, messages, handedIn);
  const unlearning = createUnlearning(forgotten, { session_id: session, heard, previous: previous?.text ?? '' });
  const recalled = records.some((record) => record.context_id !== undefined);
  const input = {
    previous_summary: unlearning.previous,
    messages: heard.map((one) => {
      const { seq, role, name, created_at } = one.message;
      return { seq, role, name, content: unlearning.contentOf(one), created_at };
    }),
    known_facts: facts.map((fact) => fact.text),
    // A turn that was answered with a context echoes what we recalled: that is no new fact and no new support.
    ...(recalled && { injected: facts.map((fact) => fact.text) }),
  };
  const previousFrom = previous?.from_seq ?? messages[0]?.seq ?? after + 1;
  return { head: head.value, user: user.value, epoch, messages, previousFrom, previousId: previous?.id, input, unlearning };
}

/** A forgetting that began long ago and is not over died on the way: it is finished here. */
const wasLeft = ({ removed_at, forgotten_at }: Forgotten, now: number): boolean =>
  removed_at === null && now - Date.parse(forgotten_at) > FORGETTING_MS;

/** The messages with when they reached the service. */
function heardOf(records: AppendRecord[], messages: Message[], handedIn: string | undefined): Heard[] {
  return messages.map((message) => {
    const stored_at = records.find((record) => record.first_seq <= message.seq && message.seq <= record.last_seq)?.stored_at ?? '';
    return { message, stored_at: handedIn !== undefined && handedIn < stored_at ? handedIn : stored_at };
  });
}

/** How many messages to read for one step: where they are long, 60 of them would be megabytes of which most is not used. */
function window(head: SessionHead): number {
  const each = head.buffer_tokens / Math.max(1, head.last_seq - bufferStart(head));
  return Math.max(2, Math.min(STEP_MESSAGES, Math.ceil(STEP_TOKENS / Math.max(1, each))));
}

/** As many of the first messages as fit one model call; at least one. */
function withinTokens(messages: Message[]): Message[] {
  let room = STEP_TOKENS;
  return messages.filter((m, i) => {
    room -= m.tokens;
    return i === 0 || room >= 0;
  });
}

/** Messages read again: what was closed before stays as it was then, with its support and its history. */
async function withoutClosedBefore(
  { warm }: Services,
  owner: Owner,
  { consolidated, learned }: { consolidated: Fact[]; learned: Unlearned },
): Promise<Fact[]> {
  const read = new Set(learned.facts.map((fact) => fact.id));
  const closed = consolidated.filter((fact) => fact.status === 'closed' && read.has(fact.id));
  const before =
    closed.length === 0
      ? new Set()
      : await warm.forget.existing(
          owner,
          closed.map((fact) => fact.id),
        );
  return consolidated.filter((fact) => !(closed.includes(fact) && before.has(fact.id)));
}

/**
 * Brings what was learned together with what is known and commits it with the cursor. When another session of the user was reflected
 * on meanwhile, only the bringing together is done over, not the model call; false when the session's own cursor had moved, or
 * something was forgotten since the messages were read.
 */
async function commit(services: Services, { owner, step, learned }: { owner: Owner; step: Step; learned: Unlearned }): Promise<boolean> {
  const { sessions, memory } = services.warm;
  const { head, epoch, messages } = step;
  const { session_id } = head;
  const [summary] = learned.summaries;
  const change = {
    reflected_through: messages.at(-1)?.seq ?? head.reflected_through,
    ...(summary && epoch === head.epoch && { summary_id: summary.id }),
  };
  for (let lost = 0; lost < MAX_LOST_COMMITS; lost++) {
    const user = await sessions.readUser(owner);
    if (!user || user.value.user_epoch !== step.user.user_epoch || user.value.forget_rev !== step.user.forget_rev) return false;
    const [current, quarantined] = await Promise.all([memory.listFacts(owner), services.warm.facts.listQuarantined(owner)]);
    const consolidated = consolidate([...current, ...quarantined], learned.facts, services.now());
    const facts = await withoutClosedBefore(services, owner, { consolidated, learned });
    const { user_epoch, memory_rev } = user.value;
    const outcome = await whileChanging(services, { owner, session_id }, () =>
      memory.commitReflection({
        owner,
        session: session_id,
        expects: { epoch: head.epoch, reflected_through: head.reflected_through, summary_id: head.summary_id, user_epoch, memory_rev },
        change,
        documents: [...learned.summaries, ...facts, ...learned.insights],
        ...(summary && summary.id !== step.previousId && { replaces: step.previousId }),
        obsolete: learned.again.map((one) => one.id),
      }),
    );
    if (outcome !== 'memory') return outcome === 'committed';
  }
  return false;
}
