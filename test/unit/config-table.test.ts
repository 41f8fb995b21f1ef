import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTING_NAMES, settingOf } from '../../src/lib/config/settings.ts';
import { loadConfig } from '../../src/lib/config.ts';

const page = readFileSync('docs/configuration.md', 'utf8');
const example: Record<string, string> = JSON.parse(readFileSync('local.settings.example.json', 'utf8')).Values;

interface Row {
  defaultCell: string;
  rule: string;
  about: string;
}

const rows = new Map<string, Row>();
for (const line of page.split('\n')) {
  const [, name, defaultCell = '', rule = '', about = ''] = line.match(/^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$/) ?? [];
  if (name) rows.set(name, { defaultCell, rule, about });
}

const sourceFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

describe('docs/configuration.md', () => {
  test('has exactly the settings there are', () => {
    expect([...rows.keys()].toSorted()).toEqual(SETTING_NAMES.toSorted());
  });

  test.each(SETTING_NAMES)('says of %s what the table says', (name) => {
    const setting = settingOf(name);
    const row = rows.get(name);
    const meaningOfNone = setting.absent ?? '—';
    expect(row?.defaultCell).toBe(setting.default === '' ? meaningOfNone : `\`${setting.default}\``);
    expect(row?.rule).toBe(setting.rule.says);
    expect(row?.about.startsWith(setting.about)).toBe(true);
    expect(row?.about.includes('*Secret.*')).toBe(setting.secret === true);
  });

  test('names no setting in its text that does not exist', () => {
    const others = ['AZURE_FUNCTIONS_ENVIRONMENT', 'FUNCTIONS_WORKER_RUNTIME', 'REDIS_TLS'];
    const mentioned = page.match(/\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b/g) ?? [];
    const known = new Set<string>([...SETTING_NAMES, ...others]);
    expect(mentioned.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('local.settings.example.json', () => {
  test('holds every setting that the platform does not set, with its default or nothing, in the same order', () => {
    const own = SETTING_NAMES.filter((name) => !settingOf(name).platform);
    const expected = own.map((name) => [name, settingOf(name).default]);
    expect(Object.entries(example)).toEqual([['FUNCTIONS_WORKER_RUNTIME', 'node'], ...expected]);
  });

  test('changes nothing when it is copied as it is', () => {
    const development = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
    expect(loadConfig({ ...development, ...example })).toEqual(loadConfig(development));
  });
});

describe('the table', () => {
  test.each(SETTING_NAMES)('keeps its own rule in the default of %s', (name) => {
    const { default: fallback, rule } = settingOf(name);
    if (fallback !== '') expect(rule.schema.safeParse(fallback).success).toBe(true);
  });

  test("holds the documents' names", () => {
    const named = [
      ['HOST', 'PORT', 'RELOAD', 'MAX_SESSIONS', 'SESSION_TTL_MINUTES', 'EVICTION_INTERVAL_SECONDS'],
      ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_DEPLOYMENT', 'OPENAI_API_KEY'],
      ['COSMOS_ENDPOINT', 'COSMOS_ACCOUNT_URI', 'COSMOS_KEY', 'COSMOS_DATABASE', 'COSMOS_DATABASE_NAME', 'COSMOS_CONTAINER'],
      ['K_TURN_BUFFER', 'L_TURN_CHUNKS', 'M_SESSIONS_RECENT', 'REFLECTION_THRESHOLD_TURNS'],
      ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD', 'REDIS_SSL', 'REDIS_DB', 'BLOB_ACCOUNT_URL', 'BLOB_CONTAINER'],
      ['DEFAULT_TTL', 'SESSION_TTL', 'USER_PROFILE_TTL', 'SEARCH_HISTORY_TTL', 'CATALOG_SNAPSHOT_TTL'],
    ];
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(named.flat()));
  });
});

test('process.env is read in one file of src', () => {
  const readers = sourceFiles('src').filter((file) =>
    /\bprocess\.env\b/.test(readFileSync(file, 'utf8').replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, '')),
  );
  expect(readers).toEqual([join('src', 'lib', 'config.ts')]);
});
