import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

export type Run = ReturnType<typeof exampleRunner>;

/** Runs an example as a child process, as a reader would. */
export function exampleRunner(name: string) {
  const file = join(import.meta.dirname, '../../examples', `${name}.ts`);
  return async (...args: string[]) => {
    const child = spawn(process.execPath, [file, ...args]);
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, output, errors };
  };
}

interface Wrong {
  name: string;
  /** A service's address without its `/api`. */
  url: () => string;
  /** It looks for the service before it prints anything. */
  looksFirst?: true;
}
/** What an example that talks to a service says of a wrong call. */
export function saysWhatIsWrong(run: Run, { name, url, looksFirst }: Wrong): void {
  test.each([
    ['nobody there', ['http://127.0.0.1:1/api'], /^No Keepsake answers at http:\/\/127\.0\.0\.1:1\/api.*"npm start".*\n$/],
    ['an address that is none', ['nonsense'], /^No Keepsake answers at nonsense.*\n$/],
    ['an unknown option', ['--verbose'], /^Unknown option '--verbose'.*\n$/],
  ])('%s: one line that says what to do, and exit code 1', async (_what, args, line) => {
    expect(await run(...args)).toMatchObject({ code: 1, errors: expect.stringMatching(line), ...(looksFirst && { output: '' }) });
  });

  test('an address without /api is told from a Keepsake', async () => {
    expect(await run(url())).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^What answers .* is not Keepsake.*\/api.*\n$/),
    });
  });

  test('--help says how to call it', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      errors: '',
      output: expect.stringContaining(`node examples/${name}.ts [BASE_URL] [--key KEY]`),
    });
  });
}
