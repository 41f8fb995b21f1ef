import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/lib/errors.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const ROW = /^\| `([a-z_]+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm;
const rows = [...TEXT.matchAll(ROW)].map(([, code, status, title, when, remedy]) => ({ code, status, title, when, remedy }));

test('docs/errors.md lists the codes of the table in its order, with status and title', () => {
  const table = Object.entries(ERROR_CODES).map(([code, { status, title }]) => ({ code, status: String(status), title }));
  expect(rows.map(({ code, status, title }) => ({ code, status, title }))).toEqual(table);
});

test('every code says when it comes and what to do', () => {
  for (const { code, when, remedy } of rows) {
    expect(when?.trim(), code).toMatch(/\w/);
    expect(remedy?.trim(), code).toMatch(/\w/);
  }
});
