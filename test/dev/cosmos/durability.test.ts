import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEV_KEY, startCosmos } from '../../../dev/cosmos/server.ts';
import { clientOf } from './stand.ts';

const SERVER = new URL('../../../dev/cosmos/server.ts', import.meta.url).href;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cosmos-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The stand-in in a process of its own, and its endpoint. */
async function spawnServer(file: string) {
  const script = `
    const { startCosmos } = await import(${JSON.stringify(SERVER)});
    const { endpoint } = await startCosmos({ file: ${JSON.stringify(file)}, containers: [{ id: 'memory', defaultTtl: -1 }] });
    console.log(endpoint);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, endpoint };
}

describe('durability', () => {
  test('every acknowledged write is there after SIGKILL, batches whole or not at all', async () => {
    const file = join(folder, 'killed.sqlite');
    const { child, endpoint } = await spawnServer(file);
    const client = clientOf({ endpoint, key: DEV_KEY });
    const container = client.database('keepsake').container('memory');
    for (let n = 0; n < 200; n += 1) await container.items.create({ id: `w${n}`, pk: `p${n % 7}`, n });
    for (let n = 0; n < 20; n += 1) {
      await container.items.batch(
        ['x', 'y'].map((half) => ({ operationType: 'Create' as const, resourceBody: { id: `${half}${n}`, pk: 'batch' } })),
        'batch',
      );
    }
    const late = container.items.create({ id: 'unacknowledged', pk: 'late' }).catch(() => undefined);
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), late]);
    client.dispose();

    const server = await startCosmos({ file, containers: [{ id: 'memory', defaultTtl: -1 }] });
    const again = clientOf(server);
    const reread = again.database('keepsake').container('memory');
    const written = await reread.items.query<number>("SELECT VALUE c.n FROM c WHERE STARTSWITH(c.id, 'w')").fetchAll();
    expect(written.resources.sort((left, right) => left - right)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect((await reread.items.query('SELECT VALUE COUNT(1) FROM c', { partitionKey: 'batch' }).fetchAll()).resources).toEqual([40]);
    again.dispose();
    await server.stop();
  });

  test('databases, containers, settings, etags and expiry survive a restart', async () => {
    const file = join(folder, 'restarted.sqlite');
    const start = Date.parse('2026-03-01T12:00:00Z');
    const first = await startCosmos({ file, now: () => start });
    const client = clientOf(first);
    const { database } = await client.databases.create({ id: 'other' });
    const { container } = await database.containers.create({ id: 'things', partitionKey: '/pk', defaultTtl: -1 });
    const { resource: created } = await container.items.create({ id: '1', pk: 'a' });
    await container.items.create({ id: 'brief', pk: 'a', ttl: 60 });
    client.dispose();
    await first.stop();

    const second = await startCosmos({ file, now: () => start + 61_000 });
    const again = clientOf(second);
    const reread = again.database('other').container('things');
    expect((await reread.item('1', 'a').read()).resource).toEqual(created);
    expect((await reread.item('brief', 'a').read()).statusCode).toBe(404);
    expect((await reread.read()).resource?.defaultTtl).toBe(-1);
    again.dispose();
    await second.stop();
  });
});
