import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { build } from '../../../dev/build.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';

/** Not in the tick of the file system's clock in which it is built: that would count as newer. */
const LONG_AGO = new Date('2026-01-01');

/** A repository of two functions that share a module and one of which loads a package when called. */
function repository() {
  const root = temporaryDirectory();
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('node_modules/heavy/package.json', '{"name":"heavy","type":"module","exports":"./index.js"}');
  write('node_modules/heavy/index.js', 'globalThis.log.push("heavy loaded"); export const weight = 9;');
  write('src/lib/shared.ts', 'export const log: string[] = ((globalThis as any).log ??= []); log.push("shared loaded");');
  write('src/functions/a.http.ts', "import { log } from '../lib/shared.ts'; log.push('a');");
  write(
    'src/functions/b.queue.ts',
    "import { log } from '../lib/shared.ts'; log.push('b');\n(globalThis as any).call = async () => (await import('heavy')).weight;",
  );
  for (const path of ['src', ...globSync('src/**', { cwd: root })]) utimesSync(join(root, path), LONG_AGO, LONG_AGO);
  return { root, write };
}

/** What a process saw that loaded the bundle. */
function run(root: string, script: string): unknown {
  const bundle = JSON.stringify(join(root, 'dist/functions/app.cjs'));
  return JSON.parse(execFileSync(process.execPath, ['-e', `require(${bundle}); ${script}`], { encoding: 'utf8' }));
}

const PRINT_LOG = 'console.log(JSON.stringify(globalThis.log))';

test('functions share one instance of their modules, and packages load only when asked for', async () => {
  const { root } = repository();
  await build({ root });
  expect(run(root, PRINT_LOG)).toEqual(['shared loaded', 'a', 'b']);
  expect(run(root, `globalThis.call().then(() => ${PRINT_LOG})`)).toEqual(['shared loaded', 'a', 'b', 'heavy loaded']);
});

test('nothing is built when no source is newer, and everything after a change or a deletion', async () => {
  const { root, write } = repository();
  expect(await build({ root })).toMatchObject({ warm: false });
  expect(await build({ root })).toMatchObject({ warm: true });
  write('src/lib/shared.ts', 'export const log: string[] = ((globalThis as any).log ??= []); log.push("changed");');
  expect(await build({ root })).toMatchObject({ warm: false });
  expect(run(root, PRINT_LOG)).toEqual(['changed', 'a', 'b']);
  rmSync(join(root, 'src/functions/a.http.ts'));
  expect(await build({ root })).toMatchObject({ warm: false });
  expect(run(root, PRINT_LOG)).toEqual(['changed', 'b']);
});

test('a source that does not compile is an error that names it, and the old bundle stays', async () => {
  const { root, write } = repository();
  await build({ root });
  write('src/functions/a.http.ts', "import { missing } from './nowhere.ts'; missing();");
  await expect(build({ root })).rejects.toThrow('src/functions/a.http.ts');
  expect(run(root, PRINT_LOG)).toEqual(['shared loaded', 'a', 'b']);
});

test('watching builds again when a source changes and when a function is added', async () => {
  const { root, write } = repository();
  const rebuilds: string[][] = [];
  const watching = await build({ root, watch: true, onRebuild: (errors) => rebuilds.push(errors) });
  onTestFinished(() => watching.stop());
  write('src/functions/c.timer.ts', "import { log } from '../lib/shared.ts'; log.push('c');");
  await waitFor(() => (run(root, PRINT_LOG) as string[]).includes('c'), { what: 'the new function in the bundle' });
  write('src/functions/c.timer.ts', 'syntax error here');
  await waitFor(() => rebuilds.at(-1)?.[0]?.startsWith('src/functions/c.timer.ts:1:'), { what: 'the error to be reported' });
});
