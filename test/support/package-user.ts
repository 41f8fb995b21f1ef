import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';

export const REPOSITORY = join(import.meta.dirname, '../..');
const TSC = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

export type PackageUser = ReturnType<typeof packageUser>;

/** A project outside of the repository that has the package installed, and none of our types but those that come with it. */
export function packageUser({ nodeTypes = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keepsake-user-'));
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(REPOSITORY, join(folder, 'node_modules/keepsake'));
  if (nodeTypes) symlinkSync(join(REPOSITORY, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return {
    folder,
    write: (file: string, text: string) => writeFileSync(join(folder, file), text),
    /** What a program of the project prints. */
    async run(file: string, env: Record<string, string> = {}): Promise<string> {
      return (await run(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env } })).stdout;
    },
    /** What the compiler says against these sources, with declarations checked too; '' is nothing. */
    async errorsOf(sources: Record<string, string>, options: object): Promise<string> {
      const strict = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2024' };
      for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, name), text);
      const config = { compilerOptions: { ...strict, ...options }, files: Object.keys(sources) };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      return run(process.execPath, [TSC, '-p', folder]).then(
        () => '',
        ({ stdout }) => stdout,
      );
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The first TypeScript that a page shows, which must hold `marker`. */
export function shownIn(page: string, marker: string): string {
  const [, text = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(REPOSITORY, page), 'utf8')) ?? [];
  expect(text).toContain(marker);
  return text;
}
