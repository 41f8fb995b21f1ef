import type { ReflectInput } from '../llm/port.ts';
import type { Message, SessionHead, UserRecord } from '../model.ts';
import type { Services } from '../services.ts';
import { memoryPartition, type Owner, ownerOf } from '../tiers/keys.ts';
import { whileChanging } from './changing.ts';
import { renewProfile } from './profile.ts';
import { reflectionDocuments } from './reflection.ts';
import type { JobHandle, WorkDone } from './run-job.ts';

const STEP_MESSAGES = 60; // one model call reads at most this many messages …
const STEP_TOKENS = 12_000; // … and about this many tokens
const KNOWN_FACTS = 200;
const MAX_LOST_COMMITS = 10;

/** What a reflection has done so far; the numbers that `sessions/end` answers with. */
interface Done extends Record<string, unknown> {
  summary_generated: boolean;
  facts_count: number;
  insights_count: number;
  reflected_through: number;
}

/**
 * The `reflect` job: from the cursor to the end of the session in bounded steps, each one model call outside any lock and one commit
 * of summary, facts, insights and cursor together; then the long-term profile is written anew.
 */
export async function reflect(services: Services, handle: JobHandle): Promise<WorkDone> {
  const { tenant, user_id, session_id } = handle.job;
  const owner = ownerOf(tenant, user_id, session_id);
  let done = { summary_generated: false, facts_count: 0, insights_count: 0, reflected_through: 0, ...handle.job.result } as Done;
  for (let lost = 0; lost < MAX_LOST_COMMITS; ) {
    const step = await readStep(services, owner, session_id);
    if (!step) break;
    const { value, usage } = await services.model.reflect(step.input);
    const documents = reflectionDocuments(value, {
      ...step,
      owner,
      pk: memoryPartition(owner),
      model: usage.model,
      now: services.now(),
    });
    const committed = await commit(services, { owner, step, documents });
    if (!committed) lost++;
    if (committed) {
      const count = (kind: string) => documents.filter((d) => d.kind === kind).length;
      done = {
        summary_generated: done.summary_generated || count('summary') > 0,
        facts_count: done.facts_count + count('fact'),
        insights_count: done.insights_count + count('insight'),
        reflected_through: step.messages.at(-1)?.seq ?? done.reflected_through,
      };
    }
    await handle.checkpoint(usage, done);
    if (handle.timeUp()) return { result: done, more: true };
  }
  const profiled = await renewProfile(services, owner);
  await handle.checkpoint(profiled, done);
  return { result: done };
}

/** The next messages after the cursor, all of one epoch, with what the model should know beside them. */
export interface Step {
  head: SessionHead;
  user: UserRecord;
  epoch: number;
  messages: Message[];
  previousFrom: number;
  input: ReflectInput;
}

async function readStep(services: Services, owner: Owner, session: string): Promise<Step | undefined> {
  const { sessions, memory } = services.warm;
  const { head, user } = await sessions.readHeadAndUser(owner, session);
  if (!head || !user || head.value.last_seq <= head.value.reflected_through) return undefined;
  const after = head.value.reflected_through;
  const next = await sessions.nextAppend(owner, session, after);
  if (!next) return undefined;
  const range = { epoch: next.epoch, after, through: Math.min(after + STEP_MESSAGES, head.value.last_seq) };
  const [found, previous, facts] = await Promise.all([
    sessions.readMessages(owner, session, range),
    memory.latestSummary(owner, session, next.epoch),
    memory.listFacts(owner, KNOWN_FACTS),
  ]);
  const messages = withinTokens(found);
  const input = {
    previous_summary: previous?.text ?? '',
    messages: messages.map(({ seq, role, name, content, created_at }) => ({ seq, role, name, content, created_at })),
    known_facts: facts.map((fact) => fact.text),
  };
  const previousFrom = previous?.from_seq ?? messages[0]?.seq ?? after + 1;
  return { head: head.value, user: user.value, epoch: next.epoch, messages, previousFrom, input };
}

/** As many of the first messages as fit one model call; at least one. */
function withinTokens(messages: Message[]): Message[] {
  let room = STEP_TOKENS;
  return messages.filter((m, i) => {
    room -= m.tokens;
    return i === 0 || room >= 0;
  });
}

/** Cursor, summary, facts and insights together; false when the cursor or the user's epoch had moved meanwhile. */
function commit(
  services: Services,
  { owner, step, documents }: { owner: Owner; step: Step; documents: ReturnType<typeof reflectionDocuments> },
): Promise<boolean> {
  const { head, user, epoch, messages } = step;
  const { session_id } = head;
  const summary = documents.find((d) => d.kind === 'summary');
  const reflection = {
    owner,
    session: session_id,
    expects: { epoch: head.epoch, reflected_through: head.reflected_through, user_epoch: user.user_epoch },
    change: {
      reflected_through: messages.at(-1)?.seq ?? head.reflected_through,
      ...(summary && epoch === head.epoch && { summary_id: summary.id }),
    },
    documents,
  };
  return whileChanging(services, { owner, session_id }, () => services.warm.memory.commitReflection(reflection));
}
