import { gunzipSync, gzipSync } from 'node:zlib';
import type { BlobConnection } from '../connect/storage.ts';
import { QueuedWrite } from '../model-work.ts';
import { digest } from './keys.ts';

export interface SessionName {
  tenant: string;
  user_id: string | null;
  session_id: string;
}

/** Names hash tenant and session; they sort in the order in which the writes were acknowledged. */
const folderOf = ({ tenant, session_id }: SessionName): string => `${digest(`${tenant}|${session_id}`)}/`;

/** Blobs under `wb`: stores that were acknowledged while Cosmos DB could not take them. Each is there until it is in Cosmos. */
export function createQueuedWrites(blobs: BlobConnection, now: () => number) {
  let last = 0;
  const container = async () => (await blobs.containers()).writes;
  return {
    /** Keeps a write; resolves when it is durable. Names rise strictly within a session, by the clock and past what this process gave. */
    async put(of: SessionName, write: QueuedWrite): Promise<void> {
      const body = gzipSync(JSON.stringify(write));
      const metadata = { tenant: of.tenant, session: of.session_id, ...(of.user_id !== null && { user: of.user_id }) };
      const options = { conditions: { ifNoneMatch: '*' }, metadata, blobHTTPHeaders: { blobContentType: 'application/gzip' } };
      for (;;) {
        last = Math.max(now(), last + 1);
        const blob = (await container()).getBlockBlobClient(`${folderOf(of)}${String(last).padStart(16, '0')}`);
        const made = await blob.upload(body, body.length, options).then(
          () => true,
          (error: { statusCode?: number }) => {
            if (error.statusCode === 409 || error.statusCode === 412) return false; // another instance took this very millisecond
            throw error;
          },
        );
        if (made) return;
      }
    },

    /** Names of a session's waiting writes, oldest first, at most `limit`. */
    async list(of: SessionName, limit: number): Promise<string[]> {
      const names: string[] = [];
      for await (const blob of (await container()).listBlobsFlat({ prefix: folderOf(of) })) {
        names.push(blob.name);
        if (names.length >= limit) break;
      }
      return names.sort();
    },

    async read(name: string): Promise<QueuedWrite> {
      const bytes = await (await container()).getBlobClient(name).downloadToBuffer();
      return QueuedWrite.parse(JSON.parse(gunzipSync(bytes).toString('utf8')));
    },

    async remove(name: string): Promise<void> {
      await (await container()).getBlobClient(name).deleteIfExists();
    },

    /** Sessions that have waiting writes, at most `limit`: where a lost doorbell is found again. */
    async sessions(limit: number): Promise<SessionName[]> {
      const found = new Map<string, SessionName>();
      for await (const blob of (await container()).listBlobsFlat({ includeMetadata: true })) {
        const { tenant, session, user } = blob.metadata ?? {};
        if (tenant && session) found.set(`${tenant}|${session}`, { tenant, session_id: session, user_id: user ?? null });
        if (found.size >= limit) break;
      }
      return [...found.values()];
    },
  };
}
export type QueuedWrites = ReturnType<typeof createQueuedWrites>;
