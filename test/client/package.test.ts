import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient, CLIENT } from '../../dev/build-package.ts';
import { type Stack, startStack } from '../support/stack.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const TSC = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

let stack: Stack;
let project: string;
beforeAll(async () => {
  [stack] = await Promise.all([startStack(), buildClient()]);
  project = projectOfAUser();
}, 120_000);
afterAll(async () => {
  await stack.stop();
  rmSync(project, { recursive: true });
});

/** A folder outside of the repository that has the package installed, and none of our types but those that come with it. */
function projectOfAUser(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keepsake-user-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(REPOSITORY, join(folder, 'node_modules/keepsake'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

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
  writeFileSync(join(project, 'talk.js'), conversation('package-installed'));
  const { stdout } = await run(process.execPath, ['talk.js'], { cwd: project });
  expect(JSON.parse(stdout)).toEqual(ANSWERED);
});

test('a bundler takes it into a page: one file, nothing of Node', async () => {
  writeFileSync(
    join(project, 'page.js'),
    "import { createMemoryClient } from 'keepsake/client'; window.memory = createMemoryClient({ baseUrl: '/api' });",
  );
  const bundled = await build({
    absWorkingDir: project,
    entryPoints: ['page.js'],
    bundle: true,
    write: false,
    platform: 'browser',
    metafile: true,
  });
  expect(Object.keys(bundled.metafile.inputs).filter((input) => !input.endsWith('page.js'))).toEqual([expect.stringContaining(CLIENT)]);
  expect(readFileSync(join(REPOSITORY, CLIENT), 'utf8')).not.toMatch(/\brequire\(|\bprocess\.|\bBuffer\b|node:|^import /m);
});

/** The first TypeScript that a page shows, asking this stack. */
function shown(page: string): string {
  const [, text = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(REPOSITORY, page), 'utf8')) ?? [];
  expect(text).toContain('http://localhost:7071/api');
  return text.replace('http://localhost:7071/api', `${stack.api().url}/api`);
}

test.each(['README.md', 'docs/client.md'])('what %s shows runs as it stands', async (page) => {
  writeFileSync(join(project, 'shown.ts'), shown(page));
  await run(process.execPath, ['shown.ts'], { cwd: project });
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
  const compilerOptions = {
    ...resolution,
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2024',
    lib: ['es2024', 'dom'],
    types: [],
  };
  const sources = { 'typed.ts': TYPED, 'readme.ts': shown('README.md'), 'client.ts': shown('docs/client.md') };
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(project, name), text);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(sources) }));
  const errors = await run(process.execPath, [TSC, '-p', project]).then(
    () => '',
    ({ stdout }) => stdout,
  );
  expect(errors).toBe('');
});
