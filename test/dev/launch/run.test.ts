import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const RUN = join(import.meta.dirname, '../../../dev/run.mjs');

/** Runs the wrapper in a Node that says it is of another version. */
function runAs(version: string, ...args: string[]) {
  const disguise = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`;
  const env = { ...process.env, npm_lifecycle_event: 'start' };
  return spawnSync(process.execPath, ['--import', disguise, RUN, ...args], { encoding: 'utf8', env });
}

test.each(['16.20.2', '20.19.5', '22.17.1'])('under Node %s it says what to do and starts nothing', (version) => {
  const { status, stderr, stdout } = runAs(version, 'start', '--help');
  expect(status).toBe(1);
  expect(stderr).toContain(`This is Node ${version}`);
  expect(stderr).toMatch(/npm ci\n\s+npm start\n/);
  expect(stdout).toBe('');
});

test.each(['22.18.0', '24.1.0'])('under Node %s it runs the script with its options', (version) => {
  const { status, stdout } = runAs(version, 'start', '--help');
  expect(stdout).toContain('--reset');
  expect(status).toBe(0);
});

test.each([
  [['--hots', 'dev'], "Unknown option '--hots'"],
  [['--host', 'azure'], '--host must be func or dev (seen: azure)'],
  [['--port', '70710'], 'the port must be a whole number from 0 to 65535 (seen: 70710)'],
])('%j is refused with the rule', (args, message) => {
  const { status, stderr } = runAs('24.1.0', 'start', ...args);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('    at ');
  expect(status).toBe(1);
});
