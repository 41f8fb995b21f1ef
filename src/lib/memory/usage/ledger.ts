import { setTimeout as wait } from 'node:timers/promises';
import type { Figures, UsageDelta, UsageRow } from '../../model-usage.ts';
import type { Log } from '../../telemetry.ts';
import { usageDayPartition, usageDeltaId } from '../../tiers/keys.ts';
import { dateOf } from './dates.ts';
import { addFigures, nothingSpent } from './figures.ts';

const MINUTE_MS = 60_000;
const ROWS = 50; // of one document: it is written whole after every model answer
const PARTS = 20; // documents an instance, tenant and minute; beyond, who it was for is left out, never what was spent
const WAITING = 200; // documents that may wait for Cosmos DB
const CLOSE_MS = 3000;
const KEPT_SECONDS = 62 * 86_400; // two months: by then the days are folded

export interface Spender {
  tenant: string;
  user_id: string | null;
  session_id: string | null;
  work: string;
}
interface Page {
  delta: UsageDelta;
  changed: boolean;
  queued?: Promise<void>;
  sending?: Promise<void>;
}
interface Minute {
  minute: number;
  pages: Page[];
  rows: Map<string, { row: UsageRow; page: Page }>;
}
interface LedgerOptions {
  put: (delta: UsageDelta) => Promise<void>;
  now: () => number;
  instanceId: string;
  log: Log;
}

/**
 * Counts what this instance spends, in one document a tenant and minute, which it alone writes and always whole: nothing can be
 * counted twice. `record` waits for the write (money), `count` leaves it to the next minute (request units).
 */
export function createLedger({ put, now, instanceId, log }: LedgerOptions) {
  const minutes = new Map<string, Minute>();
  const unwritten = new Set<Page>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function minuteOf(tenant: string): Minute {
    const minute = Math.floor(now() / MINUTE_MS);
    const known = minutes.get(tenant);
    if (known?.minute === minute) return known;
    const fresh = { minute, pages: [], rows: new Map() };
    minutes.set(tenant, fresh);
    if (known) void flush(); // a frozen instance misses its timer: what is over is written when it wakes
    return fresh;
  }

  function pageWithRoom({ tenant, user_id, session_id }: Spender, { minute, pages }: Minute): Page | undefined {
    const last = pages.at(-1);
    if (last && last.delta.rows.length < ROWS) return last;
    const nobodys = user_id === null && session_id === null; // as few rows as there are kinds of work: they always have room
    if (pages.length >= PARTS) return nobodys ? last : undefined;
    const date = dateOf(minute * MINUTE_MS);
    const named = { id: usageDeltaId(minute, instanceId, pages.length), pk: usageDayPartition(tenant, date), date };
    const page: Page = {
      delta: { ...named, kind: 'usage', schema_version: 1, users: [], sessions: [], rows: [], ttl: KEPT_SECONDS },
      changed: false,
    };
    pages.push(page);
    return page;
  }

  function rowOf(who: Spender): { row: UsageRow; page: Page } | undefined {
    const minute = minuteOf(who.tenant);
    const { user_id, session_id, work } = who;
    const key = `${user_id ?? ''}|${session_id ?? ''}|${work}`;
    const known = minute.rows.get(key);
    if (known) return known;
    const page = pageWithRoom(who, minute);
    if (!page) return undefined;
    const row = { user_id, session_id, work, ...nothingSpent() };
    page.delta.rows.push(row);
    if (user_id !== null && !page.delta.users.includes(user_id)) page.delta.users.push(user_id);
    if (session_id !== null && !page.delta.sessions.includes(session_id)) page.delta.sessions.push(session_id);
    const made = { row, page };
    minute.rows.set(key, made);
    return made;
  }

  function count(who: Spender, spent: Partial<Figures>): Page | undefined {
    timer ??= setInterval(() => void flush(), MINUTE_MS).unref();
    const place = rowOf(who) ?? rowOf({ ...who, user_id: null, session_id: null });
    if (!place) return undefined;
    addFigures(place.row, spent);
    place.page.changed = true;
    unwritten.add(place.page);
    if (unwritten.size > WAITING) giveUpOldest();
    return place.page;
  }

  function giveUpOldest(): void {
    const [oldest] = unwritten;
    if (!oldest) return;
    unwritten.delete(oldest);
    log('error', 'usage_lost', { partition: oldest.delta.pk, rows: oldest.delta.rows.length });
  }

  async function send(page: Page): Promise<void> {
    page.changed = false;
    try {
      await put(structuredClone(page.delta));
      if (!page.changed) unwritten.delete(page);
    } catch (error) {
      page.changed = true;
      log('warn', 'usage_not_written', { partition: page.delta.pk, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** One write at a time; those who come while it runs share the next. */
  function write(page: Page): Promise<void> {
    page.queued ??= (page.sending ?? Promise.resolve()).then(() => {
      page.queued = undefined;
      page.sending = send(page);
      return page.sending;
    });
    return page.queued;
  }

  async function flush(): Promise<void> {
    const current = Math.floor(now() / MINUTE_MS);
    for (const [tenant, { minute }] of minutes) if (minute < current) minutes.delete(tenant);
    await Promise.all([...unwritten].map(write));
  }

  return {
    /** Counts what was spent; it is written within a minute, and a crash before that loses it. Never fails. */
    count: (who: Spender, spent: Partial<Figures>): void => void count(who, spent),
    /** Counts what was spent and waits until it is written; when Cosmos DB does not take it, it is tried again every minute. */
    async record(who: Spender, spent: Partial<Figures>): Promise<void> {
      const page = count(who, spent);
      if (page) await write(page);
    },
    /** Writes what was counted so far. */
    flush,
    /** Writes the rest, if Cosmos DB takes it in time, and no more by itself. */
    async close(): Promise<void> {
      clearInterval(timer);
      const enough = new AbortController();
      const late = wait(CLOSE_MS, undefined, { signal: enough.signal }).catch(() => {});
      await Promise.race([flush(), late]);
      enough.abort();
    },
  };
}
export type Ledger = ReturnType<typeof createLedger>;
