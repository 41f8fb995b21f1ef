import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildItems, ITEMS } from '../../dev/build-package.ts';
import { type PackageUser, packageUser, REPOSITORY, shownIn } from '../support/package-user.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let project: PackageUser;
beforeAll(async () => {
  [stack] = await Promise.all([startStack({ apps: 0 }), buildItems()]);
  project = packageUser({ nodeTypes: true });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  project.remove();
});

const shown = () => shownIn('docs/items.md', "from 'keepsake/items'");

test('what docs/items.md shows runs as it stands, with the settings of the environment', async () => {
  project.write('shown.ts', shown());
  expect((await project.run('shown.ts', stack.env)).split('\n')).toEqual([
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
  const sources = { 'typed.ts': TYPED, 'items.ts': shown() };
  expect(await project.errorsOf(sources, { module: 'nodenext', types: ['node'] })).toBe('');
});
