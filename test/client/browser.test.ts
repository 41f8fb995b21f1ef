import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

const CLIENT = join(import.meta.dirname, '../../src/lib/client/client.ts');
const MOST_BYTES = 16_384;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** For a browser: an import of something of Node's, which esbuild does not find there, is an error. */
async function bundle() {
  const options = { bundle: true, write: false, platform: 'browser', format: 'iife', globalName: 'keepsake', metafile: true } as const;
  const { outputFiles, metafile } = await build({ ...options, entryPoints: [CLIENT], minify: true, logLevel: 'silent' });
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
}

/** What a page has: no process, no require, no Buffer; and a fetch that wants to be called as the window's. */
function page() {
  const window: Record<string, unknown> = {
    AbortSignal,
    URLSearchParams,
    crypto: { getRandomValues: crypto.getRandomValues.bind(crypto) },
    structuredClone,
  };
  const context = createContext(window);
  window.fetch = function (this: unknown, ...args: Parameters<typeof fetch>) {
    if (this !== undefined && this !== runInContext('globalThis', context)) throw new TypeError('Illegal invocation');
    return fetch(...args);
  };
  return context;
}

test('the client is a small bundle of its own files, without the service and without Node', async () => {
  const { text, inputs } = await bundle();
  expect(inputs.filter((input) => !input.startsWith('src/lib/client/'))).toEqual([]);
  expect(text).not.toMatch(/\brequire\(|\bprocess\.|\bBuffer\b|node:/);
  expect(text.length).toBeLessThan(MOST_BYTES);
});

test('the bundle does in a page what it does in Node', async () => {
  const context = page();
  runInContext((await bundle()).text, context);
  const script = `(async () => {
    const client = keepsake.createMemoryClient({ baseUrl: ${JSON.stringify(`${stack.api().url}/api`)} });
    const session = client.session(${JSON.stringify(`s-${randomUUID()}`)}, { user_id: 'ada' });
    await session.store({ user_message: 'I sail.', agent_message: 'Where?' });
    await session.fields.append('log', { a: [] });
    await session.fields.edit('n', (n) => n + 1, { fallback: 41 });
    const missing = await session.fields.get('none').catch((error) => [error instanceof keepsake.FieldNotFound, error.code]);
    const { active_context } = await session.context();
    const { items, facts } = client.user('ada');
    await items.set('photo', new Uint8Array([0, 255]), { content_type: 'image/png', write_through: false });
    const photo = await items.read('photo');
    await facts.add('User sails.');
    const texts = [];
    for await (const { text } of facts.all()) texts.push(text);
    const recalled = [photo.content_type, photo.value instanceof Uint8Array, [...photo.value], texts];
    return JSON.stringify([await session.fields.items(), missing, active_context.length, recalled]);
  })()`;
  expect(JSON.parse(await runInContext(script, context))).toEqual([
    [
      ['log', [{ a: [] }]],
      ['n', 42],
    ],
    [true, 'field_not_found'],
    1,
    ['image/png', true, [0, 255], ['User sails.']],
  ]);
});
