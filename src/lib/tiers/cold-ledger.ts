import { z } from 'zod';
import type { BlobConnection } from '../connect/storage.ts';
import { MemoryError } from '../errors.ts';
import { type ItemName, itemRecordBlob } from './keys.ts';
import type { Ledger, LedgerRecord } from './tier.ts';

const Edition = z.object({ version: z.number(), etag: z.string() });
const StoredRecord = Edition.extend({
  live: z.boolean(),
  type: z.string(),
  bytes: z.number(),
  expires_at: z.number().nullable(),
  home: z.string(),
  lower: Edition.extend({ tier: z.string() }).optional(),
  read_at: z.number(),
}) satisfies z.ZodType<LedgerRecord>;

const MISSING = 404;
const LOST = new Set([409, 412]); // somebody was faster
const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
const unavailable = (cause: unknown) =>
  new MemoryError('tier_unavailable', 'Blob Storage does not answer', { retryAfterSeconds: 5, cause });

/** The records of items as small blobs, for a memory without Cosmos DB. Slower and without lists; the rules are the same. */
export function createColdLedger(blobs: BlobConnection): Ledger {
  const blob = async (of: ItemName) => (await blobs.containers()).items.getBlockBlobClient(itemRecordBlob(of));
  return {
    inlineBytes: 0,
    async read(of) {
      try {
        const client = await blob(of);
        const { etag: tag = '' } = await client.getProperties();
        const bytes = await client.downloadToBuffer(undefined, undefined, { conditions: { ifMatch: tag } });
        return { record: StoredRecord.parse(JSON.parse(bytes.toString('utf8'))), tag };
      } catch (error) {
        if (statusOf(error) === MISSING) return undefined;
        throw unavailable(error);
      }
    },
    async write(of, { content: _content, reads: _reads, ...record }, tag) {
      const body = JSON.stringify(record);
      const conditions = tag === undefined ? { ifNoneMatch: '*' } : { ifMatch: tag };
      try {
        await (await blob(of)).upload(body, Buffer.byteLength(body), { conditions });
        return true;
      } catch (error) {
        if (LOST.has(statusOf(error) ?? 0)) return false;
        throw unavailable(error);
      }
    },
    async note() {}, // how often it is read decides nothing here: there is no faster tier that keeps
  };
}
