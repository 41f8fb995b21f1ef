import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { BlobConnection } from '../connect/storage.ts';
import { MemoryError } from '../errors.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);
const MAX_BYTES = 64 * 1024 * 1024; // unpacked: what we wrote is at most the 10 MiB of a request

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

function unavailable(error: unknown): MemoryError {
  return new MemoryError('tier_unavailable', 'Blob Storage does not answer', { retryAfterSeconds: 5, cause: error });
}

/** Blobs under `tr`: the texts of transcripts, one gzip file each. Every call fails with tier_unavailable when the account does. */
export function createCold(blobs: BlobConnection) {
  const blob = async (name: string) => (await blobs.containers()).transcripts.getBlockBlobClient(name);
  return {
    /** Writes a text; resolves when it is durable. The same text again is the same blob. */
    async write(name: string, text: string): Promise<void> {
      const body = await pack(text);
      try {
        await (await blob(name)).upload(body, body.length, { blobHTTPHeaders: { blobContentType: 'application/gzip' } });
      } catch (error) {
        throw unavailable(error);
      }
    },

    /** The text; undefined when it is not there (any more). */
    async read(name: string): Promise<string | undefined> {
      const bytes = await (await blob(name)).downloadToBuffer().catch((error: unknown) => {
        if (statusOf(error) === 404) return undefined;
        throw unavailable(error);
      });
      return bytes && (await unpack(bytes, { maxOutputLength: MAX_BYTES })).toString('utf8');
    },

    /** Deletes; what is not there is deleted. */
    async remove(name: string): Promise<void> {
      try {
        await (await blob(name)).deleteIfExists();
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}
export type Cold = ReturnType<typeof createCold>;
