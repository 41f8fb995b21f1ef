import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { build } from '../../../dev/build.ts';
import { createApi } from '../../support/api.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const CONFIGURED = /^(REDIS|COSMOS|BLOB|AzureWebJobs|AZURE|OPENAI|MODEL|PORT|QUEUE)/;

interface Launch {
  args?: string[];
  env?: Record<string, string>;
  /** The script: start or services. */
  script?: 'start' | 'services';
}

/** A folder with the fixture's function app, as a clone would be that has been built once. */
export async function fixtureApp(): Promise<string> {
  const fixture = join(import.meta.dirname, 'fixture');
  await build({ root: fixture });
  const root = temporaryDirectory();
  cpSync(fixture, root, { recursive: true, preserveTimestamps: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** Runs the launcher in a folder as npm does, in a process group of its own that does not outlive the test. */
export function launchIn(root: string, { args = [], env = {}, script = 'start' }: Launch = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !CONFIGURED.test(name));
  const child = spawn(process.execPath, [join(REPOSITORY, 'dev/run.mjs'), script, ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  let exited = false;
  void exit.then(() => {
    exited = true;
  });

  return {
    child,
    exit,
    output: () => output,
    /** The API of the app, once the screen says that it is ready. */
    async ready() {
      const [, url = ''] = await waitFor(
        () => {
          if (exited) return ['', ''];
          return /ready at (\S+)\/api/.exec(output);
        },
        { what: `the ready screen in: ${output}`, timeoutMs: 20_000 },
      );
      if (!url) throw new Error(`the launcher ended: ${output}`);
      return createApi(url);
    },
    async kill(signal: NodeJS.Signals) {
      child.kill(signal);
      return exit;
    },
  };
}
