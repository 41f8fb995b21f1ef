import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient, CLIENT } from '../../dev/build-package.ts';
import { type PackageUser, packageUser, REPOSITORY, shownIn } from '../support/package-user.ts';
import { type Stack, startStack } from '../support/stack.ts';

const run = promisify(execFile);

let stack: Stack;
let project: PackageUser;
beforeAll(async () => {
  [stack] = await Promise.all([startStack(), buildClient()]);
  project = packageUser();
}, 120_000);
afterAll(async () => {
  await stack.stop();
  project.remove();
});

const conversation = (session: string) => `
import { createMemoryClient, FieldNotFound } from 'keepsake/client';
const memory = createMemoryClient({ baseUrl: '${stack.api().url}/api' }).session('${session}');
await memory.store({ user_message: 'I sail.', agent_message: 'Where?' });
await memory.fields.set('harbour', { name: 'Kiel' });
const { active_context } = await memory.context();
const missing = await memory.fields.get('none').catch((error) => error instanceof FieldNotFound);
console.log(JSON.stringify([active_context.length, await memory.fields.get('harbour'), missing]));
`;
const ANSWERED = [1, { name: 'Kiel' }, true];

test('keepsake/client is imported by its name, from within the package', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', conversation('package-within')], { cwd: REPOSITORY });
  expect(JSON.parse(stdout)).toEqual(ANSWERED);
});

test('and from a project that has it installed', async () => {
  project.write('talk.js', conversation('package-installed'));
  expect(JSON.parse(await project.run('talk.js'))).toEqual(ANSWERED);
});

test('a bundler takes it into a page: one file, nothing of Node', async () => {
  project.write(
    'page.js',
    "import { createMemoryClient } from 'keepsake/client'; window.memory = createMemoryClient({ baseUrl: '/api' });",
  );
  const bundled = await build({
    absWorkingDir: project.folder,
    entryPoints: ['page.js'],
    bundle: true,
    write: false,
    platform: 'browser',
    metafile: true,
  });
  expect(Object.keys(bundled.metafile.inputs).filter((input) => !input.endsWith('page.js'))).toEqual([expect.stringContaining(CLIENT)]);
  expect(readFileSync(join(REPOSITORY, CLIENT), 'utf8')).not.toMatch(/\brequire\(|\bprocess\.|\bBuffer\b|node:|^import /m);
});

/** What a page shows first, asking this stack. */
const shown = (page: string): string =>
  shownIn(page, 'http://localhost:7071/api').replace('http://localhost:7071/api', `${stack.api().url}/api`);

test.each(['README.md', 'docs/client.md'])('what %s shows runs as it stands', async (page) => {
  project.write('shown.ts', shown(page));
  await project.run('shown.ts');
  const { body } = await stack.api().get('/sessions/monday');
  expect(body).toMatchObject({ user_id: 'nora', message_count: expect.any(Number) });
});

const TYPED = `
import { createMemoryClient, type KeepsakeError, type Session, type User } from 'keepsake/client';
const memory: Session = createMemoryClient({ baseUrl: '/api' }).session('s');
export const language: string = (await memory.fields.get('preferences', { language: 'auto' })).language;
export const seq: number | null = (await memory.store({ messages: [{ role: 'user', content: 'a', timestamp: 1 }] })).seq;
export const codeOf = ({ code, retry_after_seconds }: KeepsakeError): [string, number | undefined] => [code, retry_after_seconds];
// @ts-expect-error undefined is no JSON
await memory.fields.set('a', undefined);
// @ts-expect-error nobody says it in this role
await memory.messages.add('robot', 'a');
// @ts-expect-error the session is named by the handle
await memory.store({ session_id: 's', user_message: 'a', agent_message: 'b' });
const nora: User = createMemoryClient({ baseUrl: '/api' }).user('nora');
for await (const { text, pinned } of nora.facts.all({ topic: 'travel' })) console.log(text.length, pinned === true);
export const bytes: Uint8Array = await nora.items.get<Uint8Array>('photo');
// @ts-expect-error one thing is forgotten at a time
await nora.forget({ query: 'boats', topic: 'boats' });
// @ts-expect-error only bytes have a type
await nora.items.set('a', { b: 1 }, { content_type: 'text/plain' });
`;

test.each([
  ['nodenext', { module: 'nodenext' }],
  ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
])('its declarations are complete for TypeScript with %s', { timeout: 120_000 }, async (_what, resolution) => {
  const sources = { 'typed.ts': TYPED, 'readme.ts': shown('README.md'), 'client.ts': shown('docs/client.md') };
  expect(await project.errorsOf(sources, { ...resolution, lib: ['es2024', 'dom'], types: [] })).toBe('');
});
