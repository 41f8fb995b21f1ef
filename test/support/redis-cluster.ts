import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, RedisNode } from './redis-node.ts';
import { waitFor } from './wait.ts';

const PRIMARIES = 3;
const NODES = 2 * PRIMARIES;
const SLOTS = 16_384;
// Long, so that a busy machine is not taken for a dead node.
const PATIENT_MS = 15_000;
// Nodes tell each other what they know within half of it.
const WHILE_FORMING_MS = 200;

export type RedisCluster = Awaited<ReturnType<typeof startRedisCluster>>;

/**
 * A Redis Cluster of this test: 3 primaries and a replica of each, six processes. `nodeTimeoutMs` is how long a node may be silent
 * before it counts as dead; a test that kills one sets it to a second or so.
 */
export async function startRedisCluster({ nodeTimeoutMs = PATIENT_MS }: { nodeTimeoutMs?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'redis-cluster-'));
  const ports = await freePorts(2 * NODES);
  const nodes = Array.from({ length: NODES }, (_, n) => {
    const [port, busPort] = ports.slice(2 * n) as [number, number];
    return new RedisNode({ port, busPort, parent: folder, nodeTimeoutMs });
  });
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    await form(nodes, nodeTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }

  const running = () => nodes.filter((node) => node.runs);
  /** The nodes that are primaries now, as they see themselves. */
  async function primaries(): Promise<RedisNode[]> {
    const roles = await Promise.all(running().map(async (node) => ({ node, role: (await node.control.role())[0] })));
    return roles.filter(({ role }) => role === 'master').map(({ node }) => node);
  }

  return {
    nodes,
    /** Where the first node is; a client finds the others by it. */
    url: nodes[0]!.url,
    primaries,
    /** The primary that serves a key now. */
    async primaryOf(key: string): Promise<RedisNode> {
      const [asked] = running();
      const slot = await asked!.control.cluster('KEYSLOT', key);
      const ranges = await asked!.control.cluster('SLOTS');
      const port = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2]?.[1];
      return nodes.find((node) => node.port === port)!;
    },
    /** Resolves when every slot is served and all nodes that run agree on that. */
    whole: () => waitFor(() => isWhole(running()), { what: 'all slots of the cluster to be served', timeoutMs: 30_000 }),
    /** As FLUSHALL, everywhere. */
    async flush(): Promise<void> {
      await Promise.all((await primaries()).map((node) => node.control.flushall('SYNC')));
    },
    /** The names of all keys. */
    async keys(): Promise<string[]> {
      return (await Promise.all((await primaries()).map((node) => node.control.keys('*')))).flat();
    },
    /** Closes the connections of all clients. */
    async cutConnections(): Promise<void> {
      await Promise.all(running().map((node) => node.control.call('CLIENT', 'KILL', 'TYPE', 'normal')));
    },
    /** Ends every process. */
    stop,
  };
}

async function form(nodes: RedisNode[], nodeTimeoutMs: number): Promise<void> {
  const primaries = nodes.slice(0, PRIMARIES);
  const replicas = nodes.slice(PRIMARIES);
  await Promise.all(nodes.map((node) => node.control.config('SET', 'cluster-node-timeout', WHILE_FORMING_MS)));
  const bounds = primaries.map((_, n) => Math.floor((n * SLOTS) / PRIMARIES));
  for (const [n, { control }] of primaries.entries()) {
    await control.cluster('SET-CONFIG-EPOCH', n + 1);
    await control.call('CLUSTER', 'ADDSLOTSRANGE', bounds[n]!, (bounds[n + 1] ?? SLOTS) - 1);
  }
  for (const { control } of nodes) for (const { port, busPort } of nodes) await control.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);

  const ids = await Promise.all(primaries.map(({ control }) => control.cluster('MYID')));
  const follow = (replica: RedisNode, id: string) =>
    waitFor(() => replica.control.cluster('REPLICATE', id), { what: 'a replica to follow' });
  await Promise.all(replicas.map((replica, n) => follow(replica, ids[n]!)));
  await waitFor(() => isWhole(nodes), { what: 'the cluster to form', timeoutMs: 30_000 });
  await waitFor(() => areInStep(replicas), { what: 'the replicas to be in step', timeoutMs: 30_000 });
  await Promise.all(nodes.map((node) => node.control.config('SET', 'cluster-node-timeout', nodeTimeoutMs)));
}

/** Each of these nodes says that all slots are served, by the same primaries, which are among them. */
async function isWhole(nodes: RedisNode[]): Promise<boolean> {
  const views = await Promise.all(
    nodes.map(async ({ control }) => {
      const ranges = await control.cluster('SLOTS');
      const serving = ranges.map(([first, last, primary]) => `${first}-${last} ${primary?.[1]}`).sort();
      const byThese = ranges.every(([, , primary]) => nodes.some(({ port }) => port === primary?.[1]));
      const info = await control.cluster('INFO');
      const ok = info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`);
      return { ok: ok && byThese, serving: serving.join() };
    }),
  );
  return views.every(({ ok }) => ok) && new Set(views.map(({ serving }) => serving)).size === 1;
}

async function areInStep(replicas: RedisNode[]): Promise<boolean> {
  const infos = await Promise.all(replicas.map((node) => node.control.info('replication')));
  return infos.every((info) => info.includes('master_link_status:up'));
}
