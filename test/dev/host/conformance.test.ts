import { execFile } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAzurite } from '../../../dev/azurite/start.ts';
import { startHost } from '../../../dev/host/start.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const SUITE = join(REPOSITORY, 'dev/conformance');

interface Run {
  exitCode: number;
  lines: string[];
}

const runSuite = (args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [join(SUITE, 'run.ts'), ...args], (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, lines: `${stdout}${stderr}`.trimEnd().split('\n') });
    });
  });

/** A copy, so that the timer status of a developer's own run stays out of it. */
function copyOfApp(): string {
  const root = temporaryDirectory();
  cpSync(join(SUITE, 'app'), root, { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  return root;
}

test('the development host passes the conformance suite', async () => {
  const azurite = await startAzurite();
  onTestFinished(() => azurite.stop());
  const env = {
    AzureWebJobsStorage: azurite.connectionString,
    CONFORMANCE_QUEUE: 'conformance-named',
    'AzureWebJobs.disabled-queue.Disabled': 'true',
  };
  const host = await startHost({ root: copyOfApp(), env, quiet: true });
  onTestFinished(() => host.stop());

  const { exitCode, lines } = await runSuite([host.url, azurite.connectionString]);
  expect(lines.filter((line) => !line.startsWith('ok ')).slice(0, -1)).toEqual([]);
  expect(lines.at(-1)).toBe(`${lines.length - 1} passed, 0 failed`);
  expect(exitCode).toBe(0);
}, 120_000);

test('the suite lists its cases, and says how it is used when it is not told where the host is', async () => {
  const list = await runSuite(['--list']);
  expect(list.lines).toContain('a thrown error is a 500 with an empty body');
  const usage = await runSuite([]);
  expect(usage.exitCode).toBe(2);
  expect(usage.lines[0]).toContain('npm run conformance -- URL STORAGE_CONNECTION');
});
