import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { BlobDownloadResponseParsed, ContainerClient } from '@azure/storage-blob';
import type { BlobConnection } from '../connect/storage.ts';
import { MemoryError } from '../errors.ts';
import { isOver, JSON_TYPE } from './item-edition.ts';
import { type ItemName, itemBlob, itemBlobs } from './keys.ts';
import { manyAtOnce } from './many.ts';
import type { Content, Edition, Item, Tier } from './tier.ts';

/** Contents above this are stored as gzip (CONTRACT "Items"). */
export const GZIP_ABOVE_BYTES = 1_000_000;
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;
const MISSING = 404;
const pack = promisify(gzip);
const unpack = promisify(gunzip);

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('base64url');
const compresses = ({ data }: Content): boolean => data.length > GZIP_ABOVE_BYTES;

/** The account's answer, undefined where it says that there is no such blob. Errors: tier_unavailable. */
async function told<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === MISSING) return undefined;
    throw new MemoryError('tier_unavailable', 'Blob Storage does not answer', { retryAfterSeconds: 5, cause: error });
  }
}

/**
 * Contents in Blob Storage, one immutable blob an edition, named by item, day and edition; who reads must name the edition, which the
 * record knows. Index tags say kind and day of expiry, for lifecycle rules. Errors: tier_unavailable, item_damaged.
 */
export function createColdItems(blobs: BlobConnection, { now, maxBytes }: { now: () => number; maxBytes: number }): Tier {
  const container = async () => (await blobs.containers()).items;
  const blob = async (of: ItemName, edition: Edition) => (await container()).getBlockBlobClient(itemBlob(of, edition));

  const get: Tier['get'] = async (of, edition) => {
    if (!edition) return undefined;
    const client = await blob(of, edition);
    const response = await told(client.download(undefined, undefined, { maxRetryRequests: 2 }));
    if (!response) return undefined;
    const bytes = await told(collect(response));
    if (!bytes) return undefined;
    const item = { ...edition, ...(await contentOf(of, response, bytes)) };
    return isOver(item, now()) ? undefined : item;
  };
  const set: Tier['set'] = async (of, item) => {
    const packed = compresses(item);
    const body = packed ? await pack(item.data) : item.data;
    const expires = item.expires_at === null ? 'never' : new Date(item.expires_at).toISOString().slice(0, 10);
    await told(
      (await blob(of, item)).upload(body, body.length, {
        blobHTTPHeaders: { blobContentType: item.type, ...(packed && { blobContentEncoding: 'gzip' }) },
        metadata: { sha256: sha256(item.data), expires_at: String(item.expires_at ?? '') },
        tags: { kind: item.type === JSON_TYPE ? 'json' : 'bytes', expires },
      }),
    );
    return true;
  };
  return {
    maxBytes,
    compresses,
    get,
    set,
    async has(of, edition) {
      return edition !== undefined && (await told((await blob(of, edition)).getProperties())) !== undefined;
    },
    async delete(of, edition) {
      await told((await blob(of, edition)).deleteIfExists());
    },
    getMany: (names) => manyAtOnce(names, (of) => get(of)),
    setMany: (entries) => manyAtOnce(entries, ([of, item]) => set(of, item)),

    async tidy(of, { edition, before }) {
      const kept = edition && itemBlob(of, edition);
      const client = await container();
      const old = await told(listOld(client, { prefix: itemBlobs(of), kept, before }));
      await manyAtOnce(old ?? [], (name) => told(client.deleteBlob(name)));
      return old?.length ?? 0;
    },
  };
}

async function listOld(client: ContainerClient, { prefix, kept, before }: { prefix: string; kept: string | undefined; before: number }) {
  const old: string[] = [];
  for await (const { name, properties } of client.listBlobsFlat({ prefix })) {
    if (name !== kept && properties.lastModified.getTime() < before) old.push(name);
  }
  return old;
}

async function collect({ readableStreamBody }: BlobDownloadResponseParsed): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What was written, or nothing: a blob that is not what its checksum says is never served. */
async function contentOf(of: ItemName, response: BlobDownloadResponseParsed, bytes: Buffer): Promise<Content & Pick<Item, 'expires_at'>> {
  const { contentType = '', contentEncoding, metadata = {} } = response;
  const data = contentEncoding === 'gzip' ? await unpack(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).catch(() => undefined) : bytes;
  if (!data || sha256(data) !== metadata.sha256) {
    throw new MemoryError('item_damaged', `the stored content of "${of.key}" is not what was written: its checksum differs`);
  }
  return { type: contentType, data, expires_at: metadata.expires_at ? Number(metadata.expires_at) : null };
}
