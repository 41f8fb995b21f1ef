import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { waitFor } from './wait.ts';

/** Whether `redis-server` is on the PATH; CI installs Debian's. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).error === undefined;

// Below the ports that Linux hands out by itself, and apart for each worker of the tests, so that nobody else is given one between the
// look and the start.
const PORTS = 2000;
const LOWEST_PORT = 15_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 8) * PORTS;
const HOST = '127.0.0.1';

/** A process of `redis-server` that is a node of a cluster, on loopback, without persistence but for what it knows of the cluster. */
export class RedisNode {
  readonly port: number;
  readonly #busPort: number;
  readonly #folder: string;
  readonly #nodeTimeoutMs: number;
  #process: ChildProcess | undefined;
  #control: Redis | undefined;
  #stands = false;

  constructor({ port, busPort, parent, nodeTimeoutMs }: { port: number; busPort: number; parent: string; nodeTimeoutMs: number }) {
    this.port = port;
    this.#busPort = busPort;
    this.#nodeTimeoutMs = nodeTimeoutMs;
    this.#folder = join(parent, String(port));
    mkdirSync(this.#folder);
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }
  get busPort(): number {
    return this.#busPort;
  }
  /** Whether there is a process that does something. */
  get runs(): boolean {
    return this.#process !== undefined && !this.#stands;
  }
  /** A connection of the test's own to this node. */
  get control(): Redis {
    if (!this.#control) throw new Error(`the node on port ${this.port} does not run`);
    return this.#control;
  }

  /** Starts the process, anew after a kill, and resolves when it answers. */
  async start(): Promise<void> {
    const node = spawn('redis-server', this.#arguments(), { stdio: 'ignore' });
    this.#process = node;
    const watchdog = watch(node);
    node.once('exit', () => {
      watchdog.kill();
      if (this.#process === node) this.#process = undefined;
    });
    this.#control = new Redis(this.port, HOST, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    this.#control.on('error', () => {});
    const answers = async () => {
      if (!this.runs) throw new Error(readFileSync(join(this.#folder, 'log'), 'utf8'));
      return (await this.control.ping()) === 'PONG';
    };
    await waitFor(answers, { what: `redis-server on port ${this.port}` });
  }

  /** The process stands still, with its connections open, until `goOn`: what a machine that hangs looks like. */
  standStill(): void {
    this.#stands = this.#process?.kill('SIGSTOP') ?? false;
  }
  goOn(): void {
    this.#process?.kill('SIGCONT');
    this.#stands = false;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    const node = this.#process;
    this.#control?.disconnect();
    this.#control = undefined;
    this.#stands = false;
    if (!node) return;
    const exited = once(node, 'exit');
    node.kill('SIGKILL');
    await exited;
  }

  #arguments(): string[] {
    const settings = {
      port: this.port,
      'cluster-port': this.#busPort,
      bind: HOST,
      dir: this.#folder,
      logfile: join(this.#folder, 'log'),
      save: '',
      appendonly: 'no',
      'repl-diskless-sync-delay': 0,
      'cluster-enabled': 'yes',
      'cluster-announce-ip': HOST,
      'cluster-node-timeout': this.#nodeTimeoutMs,
    };
    return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  }
}

/** Ends a node whose test process is gone, however that ended: the pipe to it closes. */
function watch({ pid }: ChildProcess): ChildProcess {
  return spawn('sh', ['-c', 'read _; kill -9 "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
}

/** So many ports on loopback that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
