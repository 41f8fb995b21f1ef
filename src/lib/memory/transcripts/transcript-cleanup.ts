import type { Transcript } from '../../model-transcripts.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

const DAY_MS = 86_400_000;

/** What a cleanup did, or in a dry run would do. */
export interface CleanedTranscripts {
  transcripts: number;
  /** Of their texts, unpacked. */
  bytes: number;
  /** Whether there may be more of them than `limit`. */
  more: boolean;
}

export interface CleanupAsk {
  olderThanDays: number;
  dryRun: boolean;
  limit: number;
  /** Only those handed in under this name. */
  namespace?: string;
}

/**
 * Deletes the texts of transcripts that were processed so many days ago, by server time. Their records stay, marked as expired, and so
 * does what was learned from them. The text goes first: killed in between, the next run finds the record again. Errors:
 * tier_unavailable; without Blob Storage there is nothing to delete.
 */
export async function cleanTranscripts(
  services: Services,
  owner: Owner,
  { olderThanDays, dryRun, limit, namespace }: CleanupAsk,
): Promise<CleanedTranscripts> {
  const { cold, warm, now } = services;
  if (!cold) return { transcripts: 0, bytes: 0, more: false };
  const until = new Date(now() - olderThanDays * DAY_MS).toISOString();
  const old = await warm.transcripts.listProcessed(owner, { until, namespace, limit });
  let bytes = 0;
  for (const record of old) {
    if (!dryRun) {
      await cold.remove(record.blob);
      await markExpired(services, owner, record);
    }
    bytes += record.bytes;
  }
  return { transcripts: old.length, bytes, more: old.length === limit };
}

async function markExpired({ warm, now }: Services, owner: Owner, { raw_memory_id }: Transcript): Promise<void> {
  const stored = await warm.transcripts.read(owner, raw_memory_id);
  if (stored && stored.value.expired_at === null)
    // lost to another run: that one marks it
    await warm.transcripts.replace({ ...stored.value, expired_at: new Date(now()).toISOString() }, stored.etag);
}
