import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryError } from '../../src/lib/errors.ts';
import { contentOf } from '../../src/lib/memory/items/items.ts';
import type { Items } from '../../src/lib/services-items.ts';
import { traced } from '../../src/lib/telemetry.ts';
import { type ItemName, itemEntry } from '../../src/lib/tiers/keys.ts';
import { createRules, NOTHING, type Rules, type State } from './rules.ts';
import { CLIENTS, type Operation, type Step, step } from './steps.ts';
import { startWorld, type World } from './world.ts';

/**
 * Random operations of several instances, with tiers failing for one of them or losing everything, processes dying, lives ending and
 * items growing old, against the rules of `rules.ts`. A failing run prints its seed and its shrunk history.
 *   FUZZ_RUNS=2000 FUZZ_SEED=1 npx vitest run test/items/model.test.ts
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 60);
const SEED = process.env.FUZZ_SEED === undefined ? Date.now() : Number(process.env.FUZZ_SEED);
const VERIFY_MS = 60_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({ clients: CLIENTS });
}, 60_000);
afterAll(() => world.stop());

interface History {
  user: string;
  rules: Rules[];
  written: number;
}
type Outcome =
  | { kind: 'read'; value: number | null; degraded: string[] }
  | { kind: 'written'; state: State; unheard: boolean }
  | { kind: 'refused' }
  | { kind: 'failed'; state?: State; unheard: boolean };

const nameOf = ({ user }: History, at: number) => ({ tenant: 'default', user_id: user, key: `key-${at}` });
const codeOf = (error: unknown) => (error instanceof MemoryError ? error.code : String(error));
const REFUSALS = ['precondition_failed', 'item_not_found'];

interface Carried {
  asked: Operation;
  value: number;
  /** What a put would leave. */
  state: State;
  /** The tiers that were missed on the way. */
  degraded: Set<string>;
}
async function answered(items: Items, of: ItemName, { asked, value, state, degraded }: Carried): Promise<Outcome> {
  const unheard = () => degraded.has('redis');
  if (asked.do === 'read') {
    const got = await items.get(of, asked.only ?? undefined);
    return { kind: 'read', value: got ? JSON.parse(got.item.data.toString()) : null, degraded: [...degraded] };
  }
  if (asked.do === 'delete') {
    const deleted = await items.remove(of);
    return deleted ? { kind: 'written', state: NOTHING, unheard: unheard() } : { kind: 'read', value: null, degraded: [...degraded] };
  }
  const { tier, when, through: writeThrough } = asked;
  const check = (etag: string | undefined) => {
    if ((when === 'new') !== (etag === undefined)) throw new MemoryError('precondition_failed', when);
  };
  const place = { tier, expires_at: asked.ttl ? state.expires_at : null, writeThrough };
  const kept = await items.put(of, { ...contentOf(value), ...place, ...(when !== 'always' && { check }) });
  return { kind: 'written', state: { ...state, isCache: kept.durability === 'cache' }, unheard: unheard() };
}

/** Carries one operation out; says what its caller knows afterwards. */
async function carryOut(history: History, asked: Operation, value: number): Promise<Outcome> {
  const at = world.client(asked.client);
  const of = nameOf(history, asked.key);
  const wasUp = { ...at.health };
  const died = asked.death ? at.dieAt(asked.death.at, asked.death.mode) : undefined;
  const now = world.clock.now();
  const expires_at = asked.do === 'put' && asked.ttl ? now + asked.ttl * 1000 : null;
  const state = asked.do === 'put' ? { value, expires_at: asked.tier === 'hot' ? (expires_at ?? now + 300_000) : expires_at } : NOTHING;
  const work = traced(async ({ degraded }): Promise<Outcome> => {
    try {
      return await answered(at.items, of, { asked, value, state, degraded });
    } catch (error) {
      if (REFUSALS.includes(codeOf(error))) return { kind: 'refused' };
      const isExcused = Object.values(wasUp).some((health) => health !== 'up') || codeOf(error) === 'item_busy';
      if (!isExcused || !['tier_unavailable', 'item_busy'].includes(codeOf(error))) throw error;
      return { kind: 'failed', state: asked.do === 'read' ? undefined : state, unheard: wasUp.redis !== 'up' };
    }
  });
  if (!died) return work;
  const outcome = await Promise.race([work, died]);
  world.replace(asked.client);
  Object.assign(world.client(asked.client).health, wasUp);
  return outcome === 'died' ? { kind: 'failed', state: asked.do === 'read' ? undefined : state, unheard: true } : outcome;
}

/** One operation, or several at once, and what the rules say of what came back. */
async function judge(history: History, all: Operation[]): Promise<void> {
  // a process dies alone: what else it was doing would die with it
  const own = all.filter(({ client, death }, i) => all.findIndex((other) => other.client === client) === i || !death);
  const alive = all.length > 1 ? own.map((asked) => ({ ...asked, death: null }) as Operation) : all;
  const outcomes = await Promise.all(alive.map((asked) => carryOut(history, asked, ++history.written)));
  const now = world.clock.now();
  for (const at of [0, 1]) {
    const rules = history.rules[at]!;
    const own = alive.flatMap((asked, i) => (asked.key === at ? [{ asked, outcome: outcomes[i]! }] : []));
    const writes = own.flatMap(({ asked, outcome }) => {
      if (outcome.kind === 'written') return [{ state: outcome.state, failed: false, unheard: outcome.unheard, writer: asked.client }];
      if (outcome.kind === 'failed' && outcome.state)
        return [{ state: outcome.state, failed: true, unheard: outcome.unheard, writer: asked.client }];
      return [];
    });
    const reads = own.flatMap(({ asked, outcome }) => (outcome.kind === 'read' ? [{ asked, outcome }] : []));
    const problems = () =>
      reads.map(({ asked, outcome }) => {
        const only = asked.do === 'read' && asked.only !== null;
        return rules.read({ now, client: asked.client, value: outcome.value, degraded: outcome.degraded, only });
      });
    if (own.length === 1) expectCondition(rules, own[0]!);
    const before = writes.length === 0 || own.length === 1 ? problems() : [];
    if (own.length > 1 && writes.length > 0) continueTogether(rules, { writes, now, reads: reads.map(({ outcome }) => outcome.value) });
    else if (writes.length > 0) rules.wrote(writes, now);
    expect(before.filter(Boolean)).toEqual([]);
  }
}

/** A condition that was met or refused says what was there. */
function expectCondition(rules: Rules, { asked, outcome }: { asked: Operation; outcome: Outcome }): void {
  const now = world.clock.now();
  if (asked.do !== 'put' || asked.when === 'always' || rules.isLagging(now)) return;
  const wasThere = (asked.when === 'new') === (outcome.kind === 'refused');
  if (outcome.kind !== 'failed') expect(wasThere ? rules.isGone(now) : rules.isThere(now), `${asked.when} ${outcome.kind}`).toBe(false);
}

type Writes = Parameters<Rules['wrote']>[0];
/** Of what went on at once, a read may have come before or after any write. */
function continueTogether(rules: Rules, { writes, now, reads }: { writes: Writes; now: number; reads: (number | null)[] }): void {
  const isLagging = rules.isLagging(now);
  const unknown = reads.filter((value) => !rules.mayBe(value, now));
  rules.wrote(writes, now);
  if (!isLagging) expect(unknown.filter((value) => value !== null && !rules.mayBe(value, now))).toEqual([]);
}

/** What may or may not have happened is settled by the first who looks; from then on everybody sees that. */
async function lookTwice(history: History, key: number): Promise<void> {
  const isWell = ({ health }: World['clients'][number]) => Object.values(health).every((part) => part === 'up');
  const well = world.clients.flatMap((client, i) => (isWell(client) ? [i] : []));
  for (const client of well) await judge(history, [{ do: 'read', client, key, only: 'warm', death: null }]);
  for (const client of well) await judge(history, [{ do: 'read', client, key, only: null, death: null }]);
}

async function take(action: Step, history: History): Promise<void> {
  const { clock } = world;
  if (action.do === 'put' || action.do === 'delete' || action.do === 'read') await judge(history, [action]);
  if (action.do === 'together') await together(history, action.all, action.late);
  if (action.do === 'look') await lookTwice(history, action.key);
  if (action.do === 'race') await race(history, action);
  if (action.do === 'duel') await duel(history, action);
  if (action.do === 'cut') await cut(history, action);
  if (action.do === 'many') await readMany(history, action.client);
  if (action.do === 'health') world.client(action.client).health[action.part] = action.health;
  if (action.do === 'wait') clock.advance({ seconds: action.seconds });
  if (action.do === 'wait' && action.seconds > 80_000) for (const rules of history.rules) rules.lostCache();
  if (action.do === 'flush') await world.raw.flushall();
  if (action.do === 'flush') for (const rules of history.rules) rules.lostCache();
  if (action.do === 'age')
    await world
      .client(action.client)
      .items.lookAfter(nameOf(history, action.key), { olderThanMs: 0 })
      .catch((error: unknown) => expect(codeOf(error)).toBe('tier_unavailable'));
}

/** Several operations at once, with answers of the tiers coming late; afterwards everybody looks at what is there. */
async function together(history: History, all: Operation[], late: number[][]): Promise<void> {
  world.clients.forEach((client, i) => void client.late.splice(0, client.late.length, ...(late[i] ?? [])));
  await judge(history, all);
  for (const client of world.clients) client.late.length = 0;
  for (const key of [0, 1]) {
    for (const client of world.clients.keys()) await judge(history, [{ do: 'read', client, key, only: null, death: null }]);
    await lookTwice(history, key);
  }
}

/** Redis lets go of an item, and a reader has the answer of the ledger late, while somebody writes. */
async function race(history: History, { reader, write, late }: Extract<Step, { do: 'race' }>): Promise<void> {
  await world.raw.del(itemEntry(nameOf(history, write.key)));
  history.rules[write.key]!.lostCache();
  const lateness = world.clients.map((_, i) => (i === reader ? [0, late] : []));
  await together(history, [{ do: 'read', client: reader, key: write.key, only: null, death: null }, write], lateness);
}

/** Two write the same item at once, and one of them hears late of what it did. */
async function duel(history: History, { first, second, late }: Extract<Step, { do: 'duel' }>): Promise<void> {
  const other = { ...second, key: first.key, client: (first.client + 1) % CLIENTS, death: null };
  const lateness = world.clients.map((_, i) => (i === first.client ? late : []));
  await together(history, [{ ...first, death: null }, other], lateness);
}

/** A tier is cut off for one write; afterwards the writer looks, and everybody. */
async function cut(history: History, { write, part, health }: Extract<Step, { do: 'cut' }>): Promise<void> {
  const at = world.client(write.client);
  const was = at.health[part];
  at.health[part] = health;
  await judge(history, [{ ...write, death: null }]);
  at.health[part] = was;
  await judge(history, [{ do: 'read', client: write.client, key: write.key, only: null, death: null }]);
  await lookTwice(history, write.key);
}

async function readMany(history: History, at: number): Promise<void> {
  const names = [0, 1].map((n) => nameOf(history, n));
  await traced(async (trace) => {
    const answers = await world.client(at).items.getMany(names, { mostBytes: 1e6 });
    answers.forEach((answer, i) => {
      if ('error' in answer) return;
      const value = answer.got ? JSON.parse(answer.got.item.data.toString()) : null;
      expect(history.rules[i]!.read({ now: world.clock.now(), client: at, value, degraded: [...trace.degraded] })).toBe(undefined);
    });
  });
}

/** Everybody can be reached again, and sees the same. */
async function settle(history: History): Promise<void> {
  for (const { health } of world.clients) Object.assign(health, { redis: 'up', cosmos: 'up', blob: 'up' });
  world.clock.advance({ seconds: VERIFY_MS / 1000 + 1 });
  for (const at of [0, 1]) {
    const seen = await Promise.all(world.clients.map(({ items }) => items.get(nameOf(history, at))));
    const values = seen.map((got) => (got ? Number(got.item.data.toString()) : null));
    expect(new Set(values).size, `all read the same of key ${at}: ${values}`).toBe(1);
    expect(history.rules[at]!.read({ now: world.clock.now(), client: 0, value: values[0]!, degraded: [] })).toBe(undefined);
  }
}

test(`no value is stale, lost or comes back (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const history: History = { user: `u-${randomUUID()}`, rules: [createRules(VERIFY_MS), createRules(VERIFY_MS)], written: 0 };
      for (const { health } of world.clients) Object.assign(health, { redis: 'up', cosmos: 'up', blob: 'up' });
      for (const action of steps) await take(action, history);
      await settle(history);
    }),
    { numRuns: RUNS, seed: SEED, verbose: 1 },
  );
}, 3_600_000);
