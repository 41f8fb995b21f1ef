import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { BlobConnection } from '../connect/storage.ts';

const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS_AT_ONCE = 2;

/** Blobs under `arc`: what a session was before retention deleted it, one gzip file of JSON lines each. */
export function createArchive(blobs: BlobConnection) {
  return {
    /** Writes an archive, over one that a killed run left. It is there whole or not at all; nothing is held in memory but two blocks. */
    async write(name: string, lines: AsyncIterable<string>): Promise<void> {
      const blob = (await blobs.containers()).archives.getBlockBlobClient(name);
      const gzip = createGzip();
      const source = Readable.from(lines);
      source.once('error', (error) => gzip.destroy(error));
      const options = { blobHTTPHeaders: { blobContentType: 'application/gzip' } };
      await blob.uploadStream(source.pipe(gzip), BLOCK_BYTES, BLOCKS_AT_ONCE, options);
    },
  };
}
export type Archive = ReturnType<typeof createArchive>;
