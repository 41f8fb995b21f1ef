import { expect } from 'vitest';
import { bufferStart } from '../../src/lib/memory/sessions/trust.ts';
import type { AppendRecord, SessionHead } from '../../src/lib/model.ts';
import type { Fact, Summary } from '../../src/lib/model-memory.ts';
import type { Instances } from '../support/instances.ts';
import { ownerIs, recall } from '../support/talk.ts';

type Who = ReturnType<Instances['fresh']>;
interface Known {
  acknowledged: Map<string, string>;
  tried: Map<string, string>;
  /** Nothing is under way any more: what was to be done is done. */
  settled?: boolean;
}

/** Checks what DESIGN calls "what must always be true" on everything a user has. Numbers are those of docs/architecture.md. */
export async function checkInvariants(world: Instances, sessions: Who[], known: Known): Promise<void> {
  const owner = ownerIs(sessions[0]!);
  const { warm } = world.instance();
  const [appends, summaries, current, closed] = await Promise.all([
    warm.memory.listAppends(owner, 10_000),
    warm.memory.listSummaries(owner, 10_000),
    warm.memory.listFacts(owner, 10_000),
    warm.memory.listClosedFacts(owner, 10_000),
  ]);
  for (const who of sessions) {
    const stored = await warm.sessions.readHead(owner, who.session_id);
    const own = appends.filter((a) => a.session_id === who.session_id).sort((a, b) => a.first_seq - b.first_seq);
    if (!stored) {
      expect(own, 'no head, no turns').toEqual([]);
      continue;
    }
    turnsAreExact(own, stored.value, { known, session: who.session_id });
    cursorsAreExact(
      stored.value,
      summaries.filter((s) => s.session_id === who.session_id),
    );
    await contextIsWhole(world, who, { own, head: stored.value });
    if (known.settled && stored.value.status === 'ended')
      expect(stored.value.reflected_through, 'work gets done').toBe(stored.value.last_seq);
  }
  factsAreGrounded([...current, ...closed], appends);
}

/** Is everything done that was to be done: ended sessions reflected on to their end? */
export async function isSettled(world: Instances, sessions: Who[]): Promise<boolean> {
  const { warm } = world.instance();
  const heads = await Promise.all(sessions.map((who) => warm.sessions.readHead(ownerIs(who), who.session_id)));
  return heads.every((head) => head?.value.status !== 'ended' || head.value.reflected_through === head.value.last_seq);
}

/** 1: every acknowledged turn is there once, nothing is there that nobody sent, seq has no gap. */
function turnsAreExact(own: AppendRecord[], head: SessionHead, { known, session }: { known: Known; session: string }): void {
  const messages = own.flatMap((a) => a.messages);
  expect(messages.map((m) => m.seq)).toEqual(messages.map((_, i) => i + 1));
  expect(head.last_seq).toBe(messages.length);
  const turns = [...new Set(messages.map((m) => m.turn_id))];
  expect(messages).toHaveLength(2 * turns.length);
  for (const [turn, where] of known.acknowledged) if (where === session) expect(turns, 'acknowledged').toContain(turn);
  for (const turn of turns) expect(known.tried.get(turn), 'somebody sent it').toBe(session);
}

/** 4: cursors never pass the end, and the chunk summaries cover exactly what the cursor says, each seq once. */
function cursorsAreExact(head: SessionHead, summaries: Summary[]): void {
  expect(head.summarized_through).toBeLessThanOrEqual(head.last_seq);
  expect(head.reflected_through).toBeLessThanOrEqual(head.last_seq);
  const chunks = summaries.filter((s) => s.level === 'chunk').sort((a, b) => a.from_seq - b.from_seq);
  const covered = chunks.flatMap((c) => Array.from({ length: c.to_seq - c.from_seq + 1 }, (_, i) => c.from_seq + i));
  expect(covered).toEqual(Array.from({ length: head.summarized_through }, (_, i) => i + 1));
  const rolling = summaries.find((s) => s.id === head.rolling_id);
  expect(rolling?.to_seq ?? 0).toBe(head.summarized_through);
  const session = summaries.find((s) => s.id === head.summary_id);
  expect(session?.to_seq ?? head.reflected_through).toBeLessThanOrEqual(head.last_seq);
}

/** 4: what no summary covers is said verbatim, whichever copy answers. */
async function contextIsWhole(world: Instances, who: Who, { own, head }: { own: AppendRecord[]; head: SessionHead }): Promise<void> {
  const uncovered = own.flatMap((a) => a.messages).filter((m) => m.seq > bufferStart(head));
  const context = await recall(world.instance(), who, { max_tokens: 100_000, at_least_seq: head.last_seq });
  expect(context.messages.map((m) => m.content)).toEqual(uncovered.map((m) => m.content));
  expect(context.watermark.last_seq).toBe(head.last_seq);
}

/** 6: a fact names messages that are there; one that was closed says when and by what. */
function factsAreGrounded(facts: Fact[], appends: AppendRecord[]): void {
  const ids = new Set(appends.flatMap((a) => a.messages.map((m) => m.message_id)));
  const known = new Set(facts.map((f) => f.fact_id));
  for (const fact of facts) {
    expect(fact.sources.length).toBeGreaterThan(0);
    for (const id of fact.sources.flatMap((s) => s.message_ids)) expect(ids, 'a source is a message').toContain(id);
    if (fact.status === 'closed') expect(known, 'superseded by a fact').toContain(fact.superseded_by);
  }
  const texts = facts.filter((f) => f.status === 'current').map((f) => f.text);
  expect(new Set(texts).size, 'the same fact is there once').toBe(texts.length);
}
