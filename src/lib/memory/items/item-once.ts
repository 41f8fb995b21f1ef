import { createHash } from 'node:crypto';
import { MemoryError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { type ItemName, itemBatchPartition, itemKeyId } from '../../tiers/keys.ts';

const REMEMBERED_SECONDS = 86_400;

interface Once {
  owner: Omit<ItemName, 'key'>;
  idempotencyKey: string | undefined;
  /** What was asked for, as it can be compared. */
  asked: unknown;
}

/**
 * Does a batch once for each Idempotency-Key: within a day the same request again is answered as the first time. One that was killed
 * before its end is done anew. Errors: idempotency_mismatch, tier_unavailable.
 */
export async function once({ items, now }: Services, { owner, idempotencyKey, asked }: Once, work: () => Promise<object>) {
  if (idempotencyKey === undefined) return work();
  const at = { id: itemKeyId(idempotencyKey), pk: itemBatchPartition(owner, idempotencyKey) };
  const hash = createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
  const known = await items.warm.readBatch(at);
  if (known && known.hash !== hash) throw new MemoryError('idempotency_mismatch', 'this Idempotency-Key was used for another batch');
  if (known) return { ...known.answer, duplicate: true };
  const answer: Record<string, unknown> = { ...(await work()) };
  const made_at = new Date(now()).toISOString();
  await items.warm.writeBatch({
    ...at,
    kind: 'item_batch',
    schema_version: 1,
    hash,
    answer: { ...answer },
    made_at,
    ttl: REMEMBERED_SECONDS,
  });
  return { ...answer, duplicate: false };
}
