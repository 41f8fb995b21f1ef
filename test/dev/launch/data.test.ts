import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeData } from '../../../dev/launch/data.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const inUse = /in use by another Keepsake/;

test('a directory is taken once, and again after its release', () => {
  const directory = join(temporaryDirectory(), 'data');
  const first = takeData(directory);
  expect(() => takeData(directory)).toThrow(`in use by another Keepsake (process ${process.pid})`);
  first.release();
  takeData(directory).release();
});

test('the lock of a killed process is taken over', async () => {
  const directory = join(temporaryDirectory(), 'data');
  const child = fork(join(import.meta.dirname, 'lock-child.ts'), [directory], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  expect(() => takeData(directory)).toThrow(inUse);
  child.kill('SIGKILL');
  await once(child, 'exit');
  takeData(directory).release();
});

test('reset empties our directory and keeps it locked', () => {
  const directory = join(temporaryDirectory(), 'data');
  const first = takeData(directory);
  mkdirSync(first.path('azurite'));
  writeFileSync(first.path('azurite/blob'), 'text');
  expect(() => takeData(directory, { reset: true })).toThrow(inUse);
  expect(existsSync(first.path('azurite/blob'))).toBe(true);
  first.release();
  const again = takeData(directory, { reset: true });
  expect(existsSync(again.path('azurite'))).toBe(false);
  expect(() => takeData(directory)).toThrow(inUse);
  again.release();
});

test('a directory of something else is neither used nor deleted', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'thesis.txt'), 'years of work');
  for (const reset of [false, true]) expect(() => takeData(directory, { reset })).toThrow('is not a Keepsake data directory');
  expect(readdirSync(directory)).toEqual(['thesis.txt']);
});
