import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const runbooks = readdirSync(join(ROOT, 'docs/runbooks')).filter((file) => file !== 'README.md');
const settings = new Set([...read('docs/configuration.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));

test('each runbook is in the list, and is rehearsed by a test of its name', () => {
  const tests = readdirSync(join(ROOT, 'test/runbooks')).filter((file) => file.endsWith('.test.ts'));
  expect(tests.toSorted()).toEqual(runbooks.map((file) => file.replace('.md', '.test.ts')).toSorted());
  for (const file of runbooks) expect(read('docs/runbooks/README.md')).toContain(`](${file})`);
});

test.each(runbooks)('%s says what is seen, what to do and how it was rehearsed, and names settings that exist', (file) => {
  const text = read(`docs/runbooks/${file}`);
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(['Symptom', 'How to see it', 'What to do', 'Rehearsed']);
  expect(text).toContain(`test/runbooks/${file.replace('.md', '.test.ts')}`);
  const named = [...text.matchAll(/`([A-Z][A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)].map(([, name]) => name);
  expect(named.filter((name) => !settings.has(name))).toEqual([]);
});
