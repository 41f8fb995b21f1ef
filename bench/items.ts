import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CosmosClient } from '@azure/cosmos';
import { BlobServiceClient } from '@azure/storage-blob';
import { Redis } from 'ioredis';
import { build } from '../dev/build.ts';
import { startHost } from '../dev/host/start.ts';
import { startRedis } from '../dev/redis/server.ts';
import { createApi } from '../test/support/api.ts';
import { appFolder } from '../test/support/app-folder.ts';
import { freePorts, hasRedisServer } from '../test/support/redis-node.ts';
import { load, type Shot, shot } from './load.ts';
import { startTiers } from './tiers.ts';

const KEYS = 100;

const HELP = `What a memory in three tiers adds to the SDK's bare call. bench/README.md says what the figures mean.

  --rounds N        in which the servers take turns (5)
  --connections N   over which requests come at once (64)
  --only TEXT       the rows whose names contain it, such as "get, hot"
  --help            this text
`;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const [rounds, connections] = [Number(values.rounds), Number(values.connections)];
const say = (text: string) => process.stdout.write(`${text}\n`);

/** About 1 KB of JSON, other for each key. */
const contentOf = (key: string) => ({ key, tags: ['bench', 'item'], text: `${key} `.repeat(110).slice(0, 950) });
const keys = Array.from({ length: KEYS }, (_, i) => `bench-${i}`);

/** Debian's Redis where there is one: the stand-in would be the slowest part of everything. */
async function startAnyRedis(): Promise<{ url: string; stop: () => unknown }> {
  if (!hasRedisServer) return startRedis({ port: 0 });
  const [port = 0] = await freePorts(1);
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
  process.once('exit', () => server.kill());
  const probe = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null });
  probe.on('error', () => {});
  await probe.ping();
  probe.disconnect();
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill() };
}

interface Server {
  /** What is around the handler. */
  path: 'node:http' | 'handler' | 'dev host';
  isBare: boolean;
  port: number;
  stop: () => unknown;
}
type Place = Pick<Server, 'path' | 'isBare'> & { env: Record<string, string>; cwd?: string };
/** A script of this folder as a server of its own. */
async function serve(script: string, { env, cwd, ...place }: Place): Promise<Server> {
  const child: ChildProcess = fork(join(import.meta.dirname, script), { env: { ...process.env, ...env }, cwd });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const stop = () => {
    child.disconnect();
    return once(child, 'exit');
  };
  return { ...place, port, stop };
}

/** The app of a folder under the development host. */
async function host(root: string, { env, path, isBare }: Place): Promise<Server> {
  const { port, stop } = await startHost({ root, port: 0, env, quiet: true });
  return { path, isBare, port, stop };
}

/** A folder that runs the bare calls as a Functions app. */
function bareFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keepsake-bare-'));
  for (const file of ['app.cjs', 'calls.cjs']) copyFileSync(join(import.meta.dirname, 'bare-app', file), join(folder, file));
  copyFileSync(join(import.meta.dirname, '../host.json'), join(folder, 'host.json'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ main: 'app.cjs' }));
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The same values for the service, through its own routes, and for the bare calls. */
async function seed(env: Record<string, string>, hostUrl: string): Promise<void> {
  const api = createApi(hostUrl);
  const redis = new Redis(env.REDIS_URL ?? '');
  const items = new CosmosClient({ endpoint: env.COSMOS_ENDPOINT ?? '', key: env.COSMOS_KEY }).database('keepsake').container('items');
  const blobs = BlobServiceClient.fromConnectionString(env.BLOB_CONNECTION_STRING ?? '').getContainerClient('bench-it');
  for (const key of keys) {
    const value = contentOf(key);
    const put = async (name: string, tier: string) => {
      const { status } = await api.request('PUT', `/items/${name}`, { body: { value, tier } });
      if (status !== 200) throw new Error(`putting ${name} was answered ${status}`);
    };
    await put(key, 'warm');
    await put(`cold-${key}`, 'cold');
    await redis.set(`bare-${key}`, JSON.stringify(value));
    await items.items.upsert({ id: `bare-${key}`, pk: `bare-${key}`, value });
    const text = JSON.stringify(value);
    await blobs.getBlockBlobClient(`bare-${key}`).upload(text, text.length);
  }
  redis.disconnect();
}

interface Row {
  name: string;
  /** Requests a round over many connections. */
  requests: number;
  /** Items in one request. */
  items: number;
  bare: (index: number) => Shot;
  ours: (index: number) => Shot;
}
const keyAt = (index: number) => keys[index % KEYS] ?? '';
/** One key after the other, with what names it for the service and for the bare calls. */
function one(name: string, { requests, tier, prefix = '' }: { requests: number; tier?: string; prefix?: string }): Row {
  const query = tier ? `?tier=${tier}` : '';
  const shotFor = (before: string) => (index: number) =>
    shot(`/api/items/${before}${keyAt(index)}${query}`, { expects: `"key":"${keyAt(index)}"` });
  return { name, requests, items: 1, bare: shotFor('bare-'), ours: shotFor(prefix) };
}
const many = (names: string[]) => () => shot('/api/items/mget', { expects: `"key":"${keys.at(-1)}"`, body: { keys: names } });
const rows: Row[] = [
  one('get, hot', { requests: 20_000 }),
  { name: `mget of ${KEYS}, hot`, requests: 800, items: KEYS, bare: many(keys.map((key) => `bare-${key}`)), ours: many(keys) },
  one('get, warm', { requests: 800, tier: 'warm' }),
  one('get, cold', { requests: 400, tier: 'cold', prefix: 'cold-' }),
];

const at = (times: number[], share: number): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;

interface Result {
  /** Requests a second over many connections, by round. */
  rates: number[];
  /** Times of requests one after the other. */
  alone: number[];
}

/** The servers take turns, in changing order, so that a busy minute of the machine meets all. */
async function measure(row: Row, servers: Server[]): Promise<Map<Server, Result>> {
  const results = new Map(servers.map((server) => [server, { rates: [], alone: [] } as Result]));
  for (let round = -1; round < rounds; round++) {
    const first = (round + 1) % servers.length;
    for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
      const shotAt = server.isBare ? row.bare : row.ours;
      const together = await load(server.port, { connections, requests: row.requests, shotAt });
      const single = await load(server.port, { connections: 1, requests: row.requests / 8, shotAt });
      if (round < 0) continue; // processes load and compile
      results.get(server)?.rates.push(row.requests / together.seconds);
      results.get(server)?.alone.push(...single.times);
    }
  }
  return results;
}

function print(row: Row, results: Map<Server, Result>): void {
  const rateOf = (server: Server | undefined) => at((server && results.get(server)?.rates) ?? [], 0.5);
  const timeOf = (server: Server | undefined, share = 0.5) => at((server && results.get(server)?.alone) ?? [], share);
  const [first] = results.keys();
  for (const server of results.keys()) {
    const twin = [...results.keys()].find(({ path, isBare }) => isBare && path === server.path);
    const times = [0.5, 0.95, 0.99].map((share) => timeOf(server, share).toFixed(2).padStart(9));
    const ratios = [rateOf(server) / rateOf(twin), timeOf(twin) / timeOf(server), rateOf(server) / rateOf(first)];
    const cells = [(rateOf(server) * row.items).toFixed(0).padStart(10), ...times, ...ratios.map((ratio) => ratio.toFixed(2).padStart(9))];
    const who = `${server.isBare ? 'bare' : 'ours'}, ${server.path}`;
    say(`${row.name.padEnd(18)}${who.padEnd(20)}${cells.join('')}`);
  }
}

async function main(): Promise<void> {
  await build();
  const tiers = await startTiers({ redis: startAnyRedis });
  const env = {
    ...(await tiers.settings()),
    REDIS_COMMAND_TIMEOUT_MS: '5000',
    ITEM_COPY_SECONDS: '3600',
    VERIFY_WITHIN_SECONDS: '300',
    LOG_LEVEL: 'warn',
    MODEL_PROVIDER: 'local',
  };
  const [ours, bare] = [appFolder(), bareFolder()];
  const servers: Server[] = [
    await serve('items-bare.ts', { path: 'node:http', isBare: true, env }),
    await serve('items-own.ts', { path: 'node:http', isBare: false, env }),
    await serve('items-handlers.ts', { path: 'handler', isBare: true, env, cwd: bare }),
    await serve('items-handlers.ts', { path: 'handler', isBare: false, env, cwd: ours }),
    await host(bare, { path: 'dev host', isBare: true, env }),
    await host(ours, { path: 'dev host', isBare: false, env }),
  ];
  try {
    await seed(env, `http://127.0.0.1:${servers.at(-1)?.port}`);
    say(`${''.padEnd(38)}   items/s   p50 ms   p95 ms   p99 ms    of same path    of node:http`);
    for (const row of rows.filter(({ name }) => name.includes(values.only))) print(row, await measure(row, servers));
  } finally {
    await Promise.all(servers.map(({ stop }) => stop()));
    await tiers.stop();
    for (const folder of [ours, bare]) rmSync(folder, { recursive: true, force: true });
  }
}

await main();
