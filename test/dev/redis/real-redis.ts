import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const realRedisVersion = versionOnPath();

function versionOnPath(): string | undefined {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return error ? undefined : /v=([0-9.]+)/.exec(stdout)?.[1];
}

/** Starts the `redis-server` of the PATH on a socket file of its own, without persistence; `stop` ends it by its pid. */
export async function startRealRedis(): Promise<{ path: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'real-redis-'));
  const path = join(folder, 'redis.sock');
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  await accepting(path);
  return {
    path,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accepting(path: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const socket = connect(path);
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`redis-server does not accept connections on ${path}`);
}
