import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/lib/config/error.ts';
import { loadConfig, VERSION } from '../../src/lib/config.ts';

const DEVELOPMENT = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
const AZURE = { WEBSITE_SITE_NAME: 'app', AUTH_MODE: 'keys', COSMOS_ENDPOINT: 'https://a.documents.azure.com' };

/** The lines of the error that stops the start. */
function refused(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(VERSION).toBe(version);
  expect(loadConfig(DEVELOPMENT).version).toBe(version);
});

test('a developer needs no setting at all', () => {
  const config = loadConfig(DEVELOPMENT);
  expect(config).toMatchObject({
    deployment: { azure: false, development: true },
    auth: { mode: 'open' },
    redis: { host: 'localhost', port: 6379, tls: false, auth: 'none', commandTimeoutMs: 250, socketTimeoutMs: 5000 },
    cosmos: { endpoint: 'http://127.0.0.1:8081', database: 'keepsake', requestTimeoutMs: 5000 },
    blob: { containers: { transcripts: 'memory-tr', archives: 'memory-arc', writes: 'memory-wb', items: 'memory-it' } },
    queue: { prefix: '', ringTimeoutMs: 500 },
    model: { kind: 'local' },
    warnings: [],
  });
  expect(config.queue?.connectionString).toBe('UseDevelopmentStorage=true');
});

test("the documents' figures are the defaults", () => {
  const { memory, breaker, processing, fields, items } = loadConfig(DEVELOPMENT);
  expect(memory).toEqual({
    kTurnBuffer: 5,
    lTurnChunks: 10,
    mSessionsRecent: 5,
    reflectionThresholdTurns: 15,
    profileEverySessions: 1,
    sessionTtlMinutes: 30,
    sessionIdleEndMinutes: 120,
    maxSessions: 1000,
    evictionIntervalSeconds: 60,
    verifyWithinSeconds: 60,
    messageMaxChars: 32_768,
    maxBufferMessages: 30,
    maxBufferTokens: 4000,
    summaryTriggerTokens: 3000,
    contextMaxTokens: 8000,
  });
  expect(breaker).toEqual({ failures: 5, resetSeconds: 60 });
  expect(processing).toEqual({
    intervalSeconds: 60,
    cleanupIntervalHours: 24,
    rawRetentionDays: 30,
    sessionRetentionDays: 365,
    archiveSessions: false,
  });
  expect(fields).toEqual({ ttlSeconds: 3600, ttlRefresh: false });
  expect(items.presetTtlSeconds).toEqual({ session: 300, profile: 86_400, history: 2_592_000, snapshot: undefined });
});

describe('what stops the start', () => {
  test('has one line per wrong setting: name, rule, value seen', () => {
    const lines = refused({ ...DEVELOPMENT, K_TURN_BUFFER: '0', LOG_LEVEL: 'loud', REDIS_PORT: '63 79', REDIS_SSL: 'maybe' });
    expect(lines.toSorted()).toEqual([
      'K_TURN_BUFFER: must be a whole number from 1 to 100 (seen: "0")',
      'LOG_LEVEL: must be one of debug, info, warn, error (seen: "loud")',
      'REDIS_PORT: must be a whole number from 1 to 65535 (seen: "63 79")',
      'REDIS_SSL: must be true or false (seen: "maybe")',
    ]);
  });

  test.each([
    ['K_TURN_BUFFER', '101'],
    ['K_TURN_BUFFER', '5.5'],
    ['K_TURN_BUFFER', '-1'],
    ['K_TURN_BUFFER', '1e1'],
    ['COSMOS_REQUEST_TIMEOUT_MS', '4999'],
    ['COSMOS_MAX_RETRIES', '6'],
    ['COSMOS_ENDPOINT', 'account.documents.azure.com'],
    ['EVICTION_INTERVAL_SECONDS', '45'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['QUEUE_PREFIX', 'Upper'],
    ['BLOB_CONTAINER', 'ends-'],
    ['BLOB_ACCOUNT_URL', 'http://a.blob.core.windows.net'],
    ['MODEL_PRICE_INPUT_PER_MILLION', '-0.1'],
    ['AZURE_CLIENT_ID', 'me'],
    ['RAW_RETENTION_DAYS', '0'],
    ['AUTH_MODE', 'none'],
  ])('%s=%s is refused, not bent', (name, value) => {
    expect(refused({ ...DEVELOPMENT, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: must be .+ \\(seen: "`))]);
  });

  test('never prints a secret, not even one in the wrong place', () => {
    const lines = refused({
      ...DEVELOPMENT,
      REDIS_URL: 'http://user:hunter2@cache',
      COSMOS_KEY: 'hunter2!',
      COSMOS_ENDPOINT: 'AccountEndpoint=https://a;AccountKey=hunter2',
      REDIS_HOST: 'cache:6380,password=hunter2',
      OPENAI_BASE_URL: 'https://user:hunter2@models',
    });
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/\(seen: \*\*\*\)$/);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('is told in one go with what only shows in combination', () => {
    const env = { K_TURN_BUFFER: 'x', REDIS_CLUSTER: 'true', REDIS_DB: '2', SUMMARY_TRIGGER_TOKENS: '5000', AUTH_MODE: 'open' };
    expect(refused(env).map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['K_TURN_BUFFER', 'REDIS_DB', 'SUMMARY_TRIGGER_TOKENS', 'AUTH_MODE', 'COSMOS_ENDPOINT']),
    );
  });
});

describe('who may call', () => {
  test.each([
    [DEVELOPMENT, 'open'],
    [{ ...DEVELOPMENT, AUTH_MODE: 'keys' }, 'keys'],
    [{ COSMOS_ENDPOINT: 'https://a' }, 'unset'],
    [{ ...AZURE, AUTH_MODE: '' }, 'unset'],
    [{ ...AZURE, ...DEVELOPMENT, AUTH_MODE: '' }, 'unset'],
    [AZURE, 'keys'],
  ])('%o is %s', (env, mode) => {
    expect(loadConfig(env).auth.mode).toBe(mode);
  });

  test('open stops the start in Azure, also when it calls itself Development, and wherever it is not development', () => {
    const open = { AUTH_MODE: 'open', COSMOS_ENDPOINT: 'https://a' };
    expect(refused({ ...AZURE, ...open })).toEqual([expect.stringContaining('AUTH_MODE: must not be open in Azure')]);
    expect(refused({ ...AZURE, ...DEVELOPMENT, ...open })).toEqual([expect.stringContaining('AUTH_MODE: must not be open in Azure')]);
    expect(refused(open)).toEqual([expect.stringContaining('AUTH_MODE: must not be open unless')]);
  });

  test('CORS_ORIGINS is a list of origins', () => {
    const { http } = loadConfig({ ...DEVELOPMENT, CORS_ORIGINS: 'https://App.example.com/, http://localhost:3000' });
    expect(http.corsOrigins).toEqual(['https://app.example.com', 'http://localhost:3000']);
  });
});

describe('secrets', () => {
  const config = loadConfig({
    ...DEVELOPMENT,
    REDIS_URL: 'redis://user:hunter2@127.0.0.1',
    COSMOS_KEY: 'hunter2hunter2',
    BLOB_CONNECTION_STRING: 'AccountKey=hunter2',
    AzureWebJobsStorage: 'AccountKey=hunter2',
    OPENAI_API_KEY: 'hunter2',
  });

  test('are there for those who ask by name', () => {
    expect(config.redis?.password).toBe('hunter2');
    expect(config.cosmos.key).toBe('hunter2hunter2');
    expect(config.blob?.connectionString).toContain('hunter2');
    expect(config.queue?.connectionString).toContain('hunter2');
    expect(config.model.kind === 'openai' && config.model.apiKey).toBe('hunter2');
  });

  test('are in no printed form', () => {
    const forms = [
      JSON.stringify(config),
      inspect(config, { depth: 9 }),
      String({ ...config.redis }),
      JSON.stringify({ ...config.cosmos }),
    ];
    expect(forms.join('\n')).not.toContain('hunter2');
  });

  test('cannot be changed, nor anything else', () => {
    for (const change of [
      () => Object.assign(config.cosmos, { key: 'x' }),
      () => Object.assign(config.memory, { kTurnBuffer: 6 }),
      () => (config.warnings as string[]).push('x'),
    ]) {
      expect(change).toThrow(TypeError);
    }
  });
});

describe('warnings', () => {
  test.each([
    ['REDIS_TLS', 'REDIS_SSL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['COSMOS_ENDPIONT', 'COSMOS_ENDPOINT'],
    ['K_TURNS_BUFFER', 'K_TURN_BUFFER'],
    ['max_sessions', 'MAX_SESSIONS'],
    ['AzureWebjobsStorage', 'AzureWebJobsStorage'],
  ])('%s asks whether %s was meant', (name, meant) => {
    expect(loadConfig({ ...DEVELOPMENT, [name]: '1' }).warnings).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  test('leave alone what belongs to others', () => {
    const others = ['HOME', 'PATH', 'HOSTNAME', 'TERM', 'PORTS', 'WEBSITE_INSTANCE_ID', 'WEBSITE_HOSTNAME', 'AZURE_TENANT_ID'];
    const host = [
      'FUNCTIONS_WORKER_RUNTIME',
      'FUNCTIONS_EXTENSION_VERSION',
      'AzureWebJobsStorage__clientId',
      'AzureWebJobsStorage__credential',
    ];
    const env = Object.fromEntries([...others, ...host, 'REDIS_MAXMEMORY', 'COSMOS_REGION', 'OPENAI_ORG_ID'].map((name) => [name, 'x']));
    expect(loadConfig({ ...DEVELOPMENT, ...env }).warnings).toEqual([]);
  });
});

test('HOST, PORT and RELOAD of document 0 are accepted and change nothing', () => {
  const env = { HOST: '0.0.0.0', PORT: '8000', RELOAD: 'false' };
  expect(loadConfig({ ...DEVELOPMENT, ...env })).toEqual(loadConfig(DEVELOPMENT));
});

test('blank values are as absent ones, and spaces around a value do not count', () => {
  const blank = { REDIS_URL: '', COSMOS_KEY: '  ', K_TURN_BUFFER: ' 7 ', REDIS_SSL: 'True' };
  const config = loadConfig({ ...DEVELOPMENT, ...blank });
  expect(config.memory.kTurnBuffer).toBe(7);
  expect(config.redis).toMatchObject({ host: 'localhost', tls: true });
});

test('timers tick every minute here and every five in Azure, unless told otherwise', () => {
  const ticks = (env: Record<string, string>) => {
    const { memory, processing } = loadConfig(env);
    return [memory.evictionIntervalSeconds, processing.intervalSeconds];
  };
  expect(ticks(DEVELOPMENT)).toEqual([60, 60]);
  expect(ticks(AZURE)).toEqual([300, 300]);
  expect(ticks({ ...AZURE, EVICTION_INTERVAL_SECONDS: '60', PROCESSING_INTERVAL_SECONDS: '30' })).toEqual([60, 30]);
});
