import type { Caller } from '../../caller.ts';
import { MemoryError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { type CleanedTranscripts, cleanTranscripts } from '../transcripts/transcript-cleanup.ts';
import { partsOf } from './hierarchy-scope.ts';

const PAGE = 100;
const BOX_MS = 20_000; // a request should answer; `complete` says whether another one is needed

export interface CleanAsk {
  namespace: string;
  retention_days?: number;
  dry_run: boolean;
}

/** Deletes the texts of a namespace's processed transcripts that are older than that. Errors: scope_mismatch, tier_disabled, tier_unavailable. */
export async function cleanNamespace(services: Services, caller: Caller, { namespace, retention_days, dry_run }: CleanAsk) {
  if (!caller.scopes.includes('operator') && caller.user !== namespace)
    throw new MemoryError('scope_mismatch', 'a cleanup needs the operator scope, or a credential of the user of that name');
  if (!services.cold)
    throw new MemoryError('tier_disabled', 'transcripts need Blob Storage, which is switched off here (BLOB_ACCOUNT_URL)');
  const olderThanDays = retention_days ?? services.config.processing.rawRetentionDays;
  const until = services.now() + BOX_MS;
  const cleaned = { transcripts: 0, bytes: 0 };
  let complete = true;
  for (const { owner, sessions } of await partsOf(services, caller, { namespace })) {
    const theirs = sessions === undefined ? {} : { namespace };
    for (let more = true; more; ) {
      const ask = { olderThanDays, dryRun: dry_run, limit: dry_run ? 10 * PAGE : PAGE, ...theirs };
      const page: CleanedTranscripts = await cleanTranscripts(services, owner, ask);
      cleaned.transcripts += page.transcripts;
      cleaned.bytes += page.bytes;
      more = page.more && !dry_run && services.now() < until; // a dry run changes nothing, so its next page would be the same
      if (page.more && !more) complete = false;
    }
  }
  return {
    success: true as const,
    vectorstore_name: namespace,
    retention_days: olderThanDays,
    cleanup_result: { raw_transcripts: cleaned.transcripts, bytes: cleaned.bytes, dry_run, complete },
    timestamp: new Date(services.now()).toISOString(),
  };
}
