import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildItems, ITEMS } from '../../dev/build-package.ts';
import { type Stack, startStack } from '../support/stack.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const TSC = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

let stack: Stack;
let project: string;
beforeAll(async () => {
  [stack] = await Promise.all([startStack({ apps: 0 }), buildItems()]);
  project = projectOfAUser();
}, 120_000);
afterAll(async () => {
  await stack.stop();
  rmSync(project, { recursive: true });
});

/** A folder outside of the repository that has the package and the types of Node installed. */
function projectOfAUser(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keepsake-app-'));
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(REPOSITORY, join(folder, 'node_modules/keepsake'));
  symlinkSync(join(REPOSITORY, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

function shown(page: string): string {
  const [, text = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(REPOSITORY, page), 'utf8')) ?? [];
  expect(text).toContain("from 'keepsake/items'");
  return text;
}

test('what docs/items.md shows runs as it stands, with the settings of the environment', async () => {
  writeFileSync(join(project, 'shown.ts'), shown('docs/items.md'));
  const { stdout } = await run(process.execPath, ['shown.ts'], { cwd: project, env: { ...process.env, ...stack.env } });
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^cold stored "/),
    "vegetarian [ 'tea' ] hot []",
    expect.stringMatching(/^photo 4 .*image\/png.*\[ 'none' \]$/),
    expect.stringMatching(/^settings 17 .*light.*\[ 'none' \]$/),
    'true item_not_found',
    expect.stringMatching(/^0\.\d+ \d/),
    '',
  ]);
});

test('it brings no copy of an SDK: those are the packages that this one depends on', () => {
  const code = readFileSync(join(REPOSITORY, ITEMS), 'utf8');
  const packages = new Set([...code.matchAll(/^import .*? from "(?!node:)(.*?)";$/gm)].map(([, name]) => name));
  expect([...packages].toSorted()).toEqual(['@azure/cosmos', 'ioredis', 'zod']);
  expect(code.length).toBeLessThan(250_000);
});

const TYPED = `
import { createMemory, hotTier, warmTier, type Tier, type OwnItems } from 'keepsake/items';
declare const table: Tier;
const memory = createMemory({ hot: hotTier({ REDIS_URL: 'redis://localhost' }), warm: warmTier(), table });
export const items: OwnItems<'hot' | 'warm' | 'table'> = memory.items;
export const theme: string = (await memory.user('nora').items.get('settings', { theme: 'dark' })).theme;
await items.set('a', 1, { tier: 'table', ttl_seconds: 60 });
// @ts-expect-error this memory has no such tier
await items.set('a', 1, { tier: 'cold' });
// @ts-expect-error undefined is no JSON
await items.set('a', undefined);
// @ts-expect-error no setting has this name
hotTier({ REDIS_URI: 'redis://localhost' });
export const rate: number | null = memory.stats().table.hit_rate;
`;

test('its declarations are complete', { timeout: 120_000 }, async () => {
  const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, target: 'es2024', types: ['node'], skipLibCheck: false };
  const sources = { 'typed.ts': TYPED, 'items.ts': shown('docs/items.md') };
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(project, name), text);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(sources) }));
  const errors = await run(process.execPath, [TSC, '-p', project]).then(
    () => '',
    ({ stdout }) => stdout,
  );
  expect(errors).toBe('');
});
