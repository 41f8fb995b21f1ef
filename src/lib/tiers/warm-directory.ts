import { z } from 'zod';
import { DirectoryEntry } from '../model.ts';
import { DueEntry } from '../model-work.ts';
import { type CosmosGate, type Stored, sql } from './cosmos-gate.ts';

const ETAG = { _etag: z.string() };
const FoundDue = DueEntry.extend(ETAG);
const FoundEntry = DirectoryEntry.extend(ETAG);

const stored = <T extends { _etag: string }>({ _etag, ...value }: T): Stored<Omit<T, '_etag'>> => ({ value, etag: _etag });

/** The directory in Cosmos as the timers walk it: one partition at a time, in bounded pages, deleting only what nobody changed. */
export function createWarmDirectory(cosmos: CosmosGate) {
  return {
    /** Entries of one partition whose time has come at `until` (ISO), the longest due first. */
    async listDue(pk: string, { until, limit }: { until: string; limit: number }): Promise<Stored<DueEntry>[]> {
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'due' AND c.check_at <= ${until} ORDER BY c.check_at`;
      return (await cosmos.query('directory', FoundDue, { statement, pk })).map(stored);
    },

    /** Announced jobs of one partition, due or not, in the order of their ids. */
    async listJobs(pk: string, { after, limit }: { after: string; limit: number }): Promise<DueEntry[]> {
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'due' AND c.due != 'idle' AND c.id > ${after} ORDER BY c.id`;
      return cosmos.query('directory', DueEntry, { statement, pk });
    },

    /** Sessions of one partition, in the order of their ids. */
    async listSessions(pk: string, { after, limit }: { after: string; limit: number }): Promise<Stored<DirectoryEntry>[]> {
      const statement = sql`SELECT TOP ${limit} * FROM c WHERE c.pk = ${pk} AND c.kind = 'session' AND c.id > ${after} ORDER BY c.id`;
      return (await cosmos.query('directory', FoundEntry, { statement, pk })).map(stored);
    },

    /** Both answer false when the entry was changed since it was read. */
    moveDue: (entry: DueEntry, etag: string): Promise<boolean> => cosmos.replace('directory', entry, etag),
    remove: ({ value, etag }: Stored<{ id: string; pk: string }>): Promise<boolean> =>
      cosmos.remove('directory', { id: value.id, pk: value.pk }, etag),
  };
}
export type WarmDirectory = ReturnType<typeof createWarmDirectory>;
