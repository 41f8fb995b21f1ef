import { flag, int, type SettingTable, step } from './rules.ts';

const YEAR_SECONDS = 31_536_000;
const TICKS = [10, 15, 20, 30, 60, 120, 180, 240, 300, 360, 600, 720, 900, 1200, 1800, 3600];
const seconds = int(1, YEAR_SECONDS);

/** What is remembered in a session, and for how long it stays at hand. */
export const memorySettings = {
  K_TURN_BUFFER: { rule: int(1, 100), default: '5', about: 'Newest turns that a summary leaves verbatim.' },
  L_TURN_CHUNKS: { rule: int(1, 100), default: '10', about: 'Turns that leave the buffer together and become one chunk.' },
  M_SESSIONS_RECENT: { rule: int(0, 50), default: '5', about: 'Ended sessions whose summaries open the next one.' },
  REFLECTION_THRESHOLD_TURNS: { rule: int(1, 1000), default: '15', about: 'Turns of an open session after which it is reflected on.' },
  PROFILE_EVERY_SESSIONS: { rule: int(1, 100), default: '1', about: 'Ended sessions after which the long-term profile is written anew.' },
  SESSION_TTL_MINUTES: { rule: int(1, 10_080), default: '30', about: 'How long an idle session stays in Redis, in minutes.' },
  SESSION_IDLE_END_MINUTES: { rule: int(5, 43_200), default: '120', about: 'Idle minutes after which a session ends by itself.' },
  MAX_SESSIONS: { rule: int(1, 10_000_000), default: '1000', about: 'Sessions held in Redis at most, by recency.' },
  VERIFY_WITHIN_SECONDS: {
    rule: int(0, 300),
    default: '60',
    about: 'How long a copy in Redis is trusted without a look at Cosmos DB, in seconds.',
  },
  MAX_BUFFER_MESSAGES: { rule: int(2, 1000), default: '30', about: 'Messages in the buffer of a session before it is summarised.' },
  MAX_BUFFER_TOKENS: { rule: int(100, 1_000_000), default: '4000', about: 'Tokens in the buffer of a session at most.' },
  SUMMARY_TRIGGER_TOKENS: {
    rule: int(100, 1_000_000),
    default: '3000',
    about: 'Tokens in the buffer that trigger a summary; at most MAX_BUFFER_TOKENS.',
  },
  MESSAGE_MAX_CHARS: { rule: int(1, 500_000), default: '32768', about: 'Characters of a message at most.' },
  INDEX_AFTER_MESSAGES: {
    rule: int(1, 10_000),
    default: '100',
    about: 'New messages of a user after which the search index is written on.',
  },
  SEARCH_CACHE_MB: { rule: int(1, 4096), default: '128', about: 'Memory that search indexes may take in one instance, in megabytes.' },
  CONTEXT_MAX_TOKENS: { rule: int(100, 1_000_000), default: '8000', about: 'Tokens of a context when the caller names no max_tokens.' },
} as const satisfies SettingTable;

/** Fields and items. */
export const valueSettings = {
  DEFAULT_TTL: { rule: seconds, default: '3600', about: 'Life of a field when the caller names none, in seconds (document 2).' },
  FIELD_TTL_REFRESH: { rule: flag, default: 'false', about: 'Whether list and number operations renew the life of a field.' },
  SESSION_TTL: { rule: seconds, default: '300', about: 'Life of an item with the preset session, in seconds (document 1).' },
  USER_PROFILE_TTL: { rule: seconds, default: '86400', about: 'Life of an item with the preset profile, in seconds (document 1).' },
  SEARCH_HISTORY_TTL: { rule: seconds, default: '2592000', about: 'Life of an item with the preset history, in seconds (document 1).' },
  CATALOG_SNAPSHOT_TTL: {
    rule: seconds,
    default: '',
    absent: 'no end',
    about: 'Life of an item with the preset snapshot, in seconds (document 1).',
  },
  ITEM_MAX_BYTES: {
    rule: int(1024, 67_108_864),
    default: '16777216',
    about: 'The largest body of a request that puts items, in bytes.',
  },
  ITEM_COPY_SECONDS: {
    rule: int(1, 86_400),
    default: '300',
    about: 'How long the copy of an item stays in Redis, in seconds (document 1).',
  },
  ITEM_MISS_SECONDS: {
    rule: int(0, 60),
    default: '10',
    about: 'How long Redis remembers that there is no such item, in seconds.',
  },
  ITEM_PROMOTE_READS: {
    rule: int(1, 1000),
    default: '1',
    about: 'Reads within ITEM_PROMOTE_HOURS after which an item from Blob Storage lies in Cosmos DB too.',
  },
  ITEM_PROMOTE_HOURS: { rule: int(1, 720), default: '24', about: 'The time within which reads of an item are counted, in hours.' },
  ITEM_DEMOTE_AFTER_DAYS: {
    rule: int(1, 36_500),
    default: '30',
    about: 'How long an item that nobody reads stays in Cosmos DB before it goes to Blob Storage, in days.',
  },
} as const satisfies SettingTable;

/** Timers and retention. */
export const processingSettings = {
  PROCESSING_INTERVAL_SECONDS: {
    rule: step(TICKS),
    default: '',
    absent: '60; 300 in Azure',
    about: 'How often pending work is looked for, in seconds.',
  },
  EVICTION_INTERVAL_SECONDS: {
    rule: step(TICKS),
    default: '',
    absent: '60; 300 in Azure',
    about: 'How often Redis is held to MAX_SESSIONS, in seconds.',
  },
  CLEANUP_INTERVAL_HOURS: { rule: step([1, 2, 3, 4, 6, 8, 12, 24]), default: '24', about: 'How often retention runs, in hours.' },
  ITEM_DEMOTE_INTERVAL_HOURS: {
    rule: step([1, 2, 3, 4, 6, 8, 12, 24]),
    default: '24',
    about: 'How often items that nobody reads are looked for, in hours.',
  },
  RAW_RETENTION_DAYS: { rule: int(1, 365), default: '30', about: 'How long processed transcripts are kept, in days.' },
  SESSION_RETENTION_DAYS: { rule: int(1, 36_500), default: '365', about: 'How long ended sessions are kept, in days.' },
  ARCHIVE_SESSIONS: { rule: flag, default: 'false', about: 'Whether a session is archived in Blob Storage before retention deletes it.' },
} as const satisfies SettingTable;
