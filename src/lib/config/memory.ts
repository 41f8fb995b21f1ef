import type { Reading } from './read.ts';

/** Sums and bounds of sessions and contexts. The names and figures are those of documents 0 and 3. */
export function memoryOf({ values, refuse }: Reading, { azure }: { azure: boolean }) {
  if (values.SUMMARY_TRIGGER_TOKENS > values.MAX_BUFFER_TOKENS) refuse('SUMMARY_TRIGGER_TOKENS', 'must be at most MAX_BUFFER_TOKENS');
  return {
    kTurnBuffer: values.K_TURN_BUFFER,
    lTurnChunks: values.L_TURN_CHUNKS,
    mSessionsRecent: values.M_SESSIONS_RECENT,
    reflectionThresholdTurns: values.REFLECTION_THRESHOLD_TURNS,
    profileEverySessions: values.PROFILE_EVERY_SESSIONS,
    sessionTtlMinutes: values.SESSION_TTL_MINUTES,
    sessionIdleEndMinutes: values.SESSION_IDLE_END_MINUTES,
    maxSessions: values.MAX_SESSIONS,
    evictionIntervalSeconds: values.EVICTION_INTERVAL_SECONDS ?? tickSeconds(azure),
    verifyWithinSeconds: values.VERIFY_WITHIN_SECONDS,
    maxBufferMessages: values.MAX_BUFFER_MESSAGES,
    maxBufferTokens: values.MAX_BUFFER_TOKENS,
    summaryTriggerTokens: values.SUMMARY_TRIGGER_TOKENS,
    messageMaxChars: values.MESSAGE_MAX_CHARS,
    contextMaxTokens: values.CONTEXT_MAX_TOKENS,
  };
}

export function searchOf({ values }: Reading) {
  return { indexAfterMessages: values.INDEX_AFTER_MESSAGES, cacheBytes: values.SEARCH_CACHE_MB * 1_000_000 };
}

/** DESIGN §6: a minute where ticking is free, five where every tick wakes an app that had scaled to zero. */
const tickSeconds = (azure: boolean) => (azure ? 300 : 60);

export function fieldsOf({ values }: Reading) {
  return { ttlSeconds: values.DEFAULT_TTL, ttlRefresh: values.FIELD_TTL_REFRESH };
}

/** Items: their lives by preset (undefined is for ever), and when they move between the tiers. */
export function itemsOf({ values }: Reading) {
  return {
    maxBytes: values.ITEM_MAX_BYTES,
    copySeconds: values.ITEM_COPY_SECONDS,
    missSeconds: values.ITEM_MISS_SECONDS,
    promoteReads: values.ITEM_PROMOTE_READS,
    promoteHours: values.ITEM_PROMOTE_HOURS,
    demoteAfterDays: values.ITEM_DEMOTE_AFTER_DAYS,
    demoteIntervalHours: values.ITEM_DEMOTE_INTERVAL_HOURS,
    presetTtlSeconds: {
      session: values.SESSION_TTL,
      profile: values.USER_PROFILE_TTL,
      history: values.SEARCH_HISTORY_TTL,
      snapshot: values.CATALOG_SNAPSHOT_TTL,
    },
  };
}

export function processingOf({ values, refuse }: Reading, { azure, hasBlob }: { azure: boolean; hasBlob: boolean }) {
  if (values.ARCHIVE_SESSIONS && !hasBlob) refuse('ARCHIVE_SESSIONS', 'must be false without Blob Storage (BLOB_ACCOUNT_URL)');
  return {
    intervalSeconds: values.PROCESSING_INTERVAL_SECONDS ?? tickSeconds(azure),
    cleanupIntervalHours: values.CLEANUP_INTERVAL_HOURS,
    rawRetentionDays: values.RAW_RETENTION_DAYS,
    sessionRetentionDays: values.SESSION_RETENTION_DAYS,
    archiveSessions: values.ARCHIVE_SESSIONS,
  };
}
