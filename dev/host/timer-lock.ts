import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Takes the lock file for this process; false while another living process has it. Hosts on the same app directory have
 * the same host id, of which only one may run a timer.
 */
export function acquireLock(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  if (create(path)) return true;
  const owner = Number(readOwner(path));
  if (owner === process.pid) return true;
  if (isAlive(owner)) return false;
  rmSync(path, { force: true });
  return create(path);
}

export function releaseLock(path: string): void {
  if (Number(readOwner(path)) === process.pid) rmSync(path, { force: true });
}

function create(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
