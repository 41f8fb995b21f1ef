import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { launchIn } from '../dev/launch/launcher.ts';
import type { Json } from '../support/api.ts';
import { appFolder } from '../support/app-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const BASE = 'http://localhost:7071';
const README = read('README.md');
const LEFT_OUT = '…';

const bash = promisify(execFile);

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** The text under a heading, up to the next one of its level. */
function section(heading: string): string {
  const [, text = ''] = README.split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

interface Block {
  language: string;
  text: string;
}
const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));

/** Each command of the walk with the answer that is shown below it. */
function walk(): { command: string; shown: Json }[] {
  const blocks = blocksOf(section('A conversation'));
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== 'sh') return [];
    const below = blocks[i + 1];
    expect(below?.language, `an answer is shown below: ${text}`).toBe('json');
    return [{ command: text, shown: JSON.parse(below?.text ?? '') }];
  });
}

/** What the README shows, as a matcher: a text may leave out parts, an object may leave out fields. */
function abridged(shown: Json): unknown {
  if (typeof shown === 'string') {
    if (!shown.includes(LEFT_OUT)) return shown;
    const parts = shown.split(LEFT_OUT).map((part) => part.replace(/[\^$.*+?()[\]{}|]/g, '\\$&'));
    return expect.stringMatching(new RegExp(`^${parts.join('.+')}$`, 's'));
  }
  if (Array.isArray(shown)) return shown.map(abridged);
  if (shown === null || typeof shown !== 'object') return shown;
  const fields = Object.entries(shown).map(([name, value]) => [name, abridged(value)] as const);
  return fields.length === 0 ? {} : expect.objectContaining(Object.fromEntries(fields));
}

test('the walk, pasted into a shell, answers what the README shows', async () => {
  const root = appFolder();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const keepsake = launchIn(root, { args: ['--host', 'dev', '--port', '0', '--data', join(root, 'data')] });
  const { url } = await keepsake.ready();
  const steps = walk();
  expect(steps.length).toBeGreaterThanOrEqual(7);
  for (const { command, shown } of steps) {
    expect(command).toContain(`curl -s ${BASE}/api/`);
    const { stdout } = await bash('bash', ['-euc', command.replaceAll(BASE, url)]);
    expect(JSON.parse(stdout), command).toEqual(abridged(shown));
  }
  expect(await keepsake.kill('SIGTERM')).toBe(0);
}, 60_000);

test('the commands of the README are scripts that exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...README.matchAll(/(?:`|^|&& )npm (?:run )?([a-z][a-z:]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'ci');
  expect(named).toEqual(expect.arrayContaining(['start', 'test', 'build', 'keys', 'check', 'conformance', 'example:advisor']));
  for (const name of named) expect(Object.keys(scripts), `npm run ${name}`).toContain(name);
});

test('.ci/run does what the test command of the README does', () => {
  const commands = blocksOf(section('Start')).map(({ text }) => text.trim());
  expect(commands).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  const lines = read('.ci/run')
    .split('\n')
    .map((line) => line.trim());
  const npm = lines.filter((line) => /^npm (ci|test|run test)/.test(line));
  expect(npm.join(' && ')).toBe(commands[1]);
});

test('the table names routes that docs/api.md describes', () => {
  const routes = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, route]) => route);
  const named = routes(section('The API at a glance'), /`((?:GET|HEAD|POST|PUT|PATCH|DELETE) [^`]+)`/g);
  const described = routes(read('docs/api.md'), /^### (\S+ \S+)$/gm);
  expect(named.length).toBeGreaterThan(10);
  expect(described).toEqual(expect.arrayContaining(named));
});

test('every file that the README links to is there', () => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target).filter((target) => !target.startsWith('http'));
  expect(links.length).toBeGreaterThan(5);
  for (const target of links) expect(existsSync(join(ROOT, target)), target).toBe(true);
});
