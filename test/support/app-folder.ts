import { copyFileSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');

/**
 * A folder that runs the app of this repository, to be deleted by the caller: no local.settings.json of the developer's
 * that names real services, no timer state of another test's.
 */
export function appFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keepsake-app-'));
  for (const file of ['package.json', 'host.json']) copyFileSync(join(REPOSITORY, file), join(folder, file));
  for (const name of ['src', 'dist', 'node_modules']) symlinkSync(join(REPOSITORY, name), join(folder, name));
  return folder;
}
