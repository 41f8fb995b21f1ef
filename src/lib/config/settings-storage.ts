import { anything, int, type SettingTable, text, url } from './rules.ts';

const prefix = (longest: number) =>
  text(new RegExp(`^(?!-)(?!.*--)[a-z0-9-]{1,${longest}}(?<!-)$`), `1 to ${longest} of a-z, 0-9 and single hyphens, none first or last`);

/** The warm tier. */
export const cosmosSettings = {
  COSMOS_ENDPOINT: {
    rule: url('https:', 'http:'),
    default: '',
    absent: 'COSMOS_ACCOUNT_URI; in development http://127.0.0.1:8081',
    about: 'The Cosmos DB account.',
  },
  COSMOS_ACCOUNT_URI: {
    rule: url('https:', 'http:'),
    default: '',
    about: "Document 1's name for COSMOS_ENDPOINT.",
  },
  COSMOS_KEY: {
    rule: text(/^[A-Za-z0-9+/]+={0,2}$/, 'an account key (base64)'),
    default: '',
    absent: "managed identity; on a loopback host the emulator's published key",
    about: 'The account key, where managed identity is not used.',
    secret: true,
  },
  COSMOS_DATABASE: {
    rule: text(/^[^/\\?#]{1,255}$/, 'a database name without / \\ ? #'),
    default: 'keepsake',
    about: 'The database that holds the containers.',
  },
  COSMOS_DATABASE_NAME: {
    rule: text(/^[^/\\?#]{1,255}$/, 'a database name without / \\ ? #'),
    default: '',
    about: "Document 0's name for COSMOS_DATABASE.",
  },
  COSMOS_CONTAINER: {
    rule: text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, '1 to 100 of A-Z, a-z, 0-9, - and _'),
    default: '',
    absent: 'no prefix: memory, directory, ops, items',
    about: 'A prefix for the names of the four containers: PREFIX-memory and so on.',
  },
  COSMOS_REQUEST_TIMEOUT_MS: {
    rule: int(5000, 10_000),
    default: '5000',
    about: 'How long one call to Cosmos DB may take, in milliseconds.',
  },
  COSMOS_MAX_RETRIES: {
    rule: int(3, 5),
    default: '3',
    about: 'How often a throttled call to Cosmos DB is tried again.',
  },
  COSMOS_MAX_CONNECTIONS: {
    rule: int(1, 1000),
    default: '50',
    about: 'Sockets to Cosmos DB that one process keeps open.',
  },
} as const satisfies SettingTable;

/** The cold tier and the queues. */
export const storageSettings = {
  BLOB_ACCOUNT_URL: {
    rule: url('https:'),
    default: '',
    absent: 'BLOB_CONNECTION_STRING; without both the host storage, or in Azure no cold tier',
    about: 'The storage account of transcripts and archives, called with managed identity.',
  },
  BLOB_CONNECTION_STRING: {
    rule: anything,
    default: '',
    about: 'The same account by connection string, where managed identity is not used.',
    secret: true,
  },
  BLOB_CONTAINER: {
    rule: prefix(59),
    default: 'memory',
    about: 'A prefix for the names of the four containers: PREFIX-tr, PREFIX-arc, PREFIX-wb and PREFIX-it.',
  },
  BLOB_TIMEOUT_MS: {
    rule: int(500, 60_000),
    default: '5000',
    about: 'How long one call to Blob Storage may take, in milliseconds.',
  },
  BLOB_MAX_CONNECTIONS: {
    rule: int(1, 1000),
    default: '50',
    about: 'Sockets to Blob Storage that one process keeps open.',
  },
  AzureWebJobsStorage: {
    rule: anything,
    default: 'UseDevelopmentStorage=true',
    about: 'The storage account of the Functions host; the queues live there.',
    secret: true,
  },
  AzureWebJobsStorage__queueServiceUri: {
    rule: url('https:'),
    default: '',
    about: 'The queue address of the host storage under managed identity.',
    platform: true,
  },
  AzureWebJobsStorage__blobServiceUri: {
    rule: url('https:'),
    default: '',
    about: 'The blob address of the host storage under managed identity.',
    platform: true,
  },
  QUEUE_PREFIX: {
    rule: text(/^(?!.*--)[a-z0-9][a-z0-9-]{0,19}$/, '1 to 20 of a-z, 0-9 and single hyphens, no hyphen first'),
    default: '',
    about: 'Put before the name of every queue, so that two services can share one storage account.',
  },
} as const satisfies SettingTable;
