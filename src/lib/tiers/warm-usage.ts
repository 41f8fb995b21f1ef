import { UsageDelta, UsageMonth } from '../model-usage.ts';
import { type CosmosGate, type Statement, type Stored, sql } from './cosmos-gate.ts';
import * as keys from './keys.ts';

/** Whose usage is meant; neither named: the whole tenant's. */
export interface UsageOf {
  tenant: string;
  user_id?: string;
  session_id?: string;
}

const monthAt = ({ tenant, user_id }: UsageOf, month: string) => ({
  id: keys.usageMonthId(user_id),
  pk: keys.usageMonthPartition(tenant, month),
});

/** What was spent, in Cosmos: a delta an instance and minute, and the months that they are folded into. */
export function createWarmUsage(cosmos: CosmosGate) {
  return {
    /** Writes a delta whole: its only writer is the instance that counts in it, so writing it again changes nothing twice. */
    putDelta: (delta: UsageDelta): Promise<void> => cosmos.upsert('ops', delta),

    /** The deltas of one day (yyyy-mm-dd) that name the session or user asked for; their rows name others too. */
    listDeltas(of: UsageOf, date: string): Promise<UsageDelta[]> {
      const pk = keys.usageDayPartition(of.tenant, date);
      return cosmos.query('ops', UsageDelta, { statement: naming(of, pk), pk });
    },

    /** The folded days of a month (yyyy-mm): of the tenant, or of one user. */
    readMonth({ tenant, user_id }: UsageOf, month: string): Promise<Stored<UsageMonth> | undefined> {
      return cosmos.read('ops', UsageMonth, monthAt({ tenant, user_id }, month));
    },
    monthAt,

    /** Writes a month: over the one that was read, or as the first. False when somebody else was faster. */
    putMonth: (month: UsageMonth, read: Stored<UsageMonth> | undefined): Promise<boolean> =>
      read ? cosmos.replace('ops', month, read.etag) : cosmos.create('ops', month),
  };
}
export type WarmUsage = ReturnType<typeof createWarmUsage>;

function naming({ user_id, session_id }: UsageOf, pk: string): Statement {
  if (session_id !== undefined)
    return sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.kind = 'usage' AND ARRAY_CONTAINS(c.sessions, ${session_id})`;
  if (user_id !== undefined) return sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.kind = 'usage' AND ARRAY_CONTAINS(c.users, ${user_id})`;
  return sql`SELECT * FROM c WHERE c.pk = ${pk} AND c.kind = 'usage'`;
}
