import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { routes } from '../../src/lib/http.ts';

const ROOT = join(import.meta.dirname, '../..');
const FUNCTIONS = join(ROOT, 'src/functions');
const HEADING = /^### (GET|HEAD|POST|PUT|PATCH|DELETE) (\/\S+)$/gm;
const TEXT = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');

const documented = [...TEXT.matchAll(HEADING)].map(([, method, path]) => `${method} ${path}`);
const registered = () => routes.map(({ method, route }) => `${method} /${route}`);

beforeAll(async () => {
  const files = readdirSync(FUNCTIONS).filter((file) => file.endsWith('.http.ts'));
  await Promise.all(files.map((file) => import(join(FUNCTIONS, file))));
});

test('docs/api.md describes exactly the routes that are registered, each once', () => {
  expect(registered().length).toBeGreaterThan(0);
  expect(documented.toSorted()).toEqual(registered().toSorted());
});

test('each description says in a sentence what the route does and what it answers', () => {
  const sections = TEXT.split(/^###? /m).filter((section) => /^(GET|HEAD|POST|PUT|PATCH|DELETE) /.test(section));
  expect(sections).toHaveLength(documented.length);
  for (const section of sections) {
    const [heading, , sentence] = section.split('\n');
    expect(sentence, heading).toMatch(/^[A-Z].*\.$/);
    expect(section, heading).toMatch(/^- Answer: /m);
  }
});

test('no two templates take the same request: the host tries them by name, and a literal does not win', () => {
  const shape = (route: string) => route.split('/').map((part) => (part.startsWith('{') ? undefined : part));
  const overlap = (a: string, b: string) => {
    const [left, right] = [shape(a), shape(b)];
    return left.length === right.length && left.every((part, i) => part === undefined || right[i] === undefined || part === right[i]);
  };
  const pairs = routes.flatMap((one, i) => routes.slice(i + 1).map((other) => [one, other] as const));
  const clashes = pairs.filter(([one, other]) => one.method === other.method && overlap(one.route, other.route));
  expect(clashes).toEqual([]);
});

test('function names are such as the host takes, and none is used twice', () => {
  const names = routes.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_-]{0,127}$/);
});
