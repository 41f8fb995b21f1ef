import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CosmosServer, startCosmos } from '../../../dev/cosmos/server.ts';
import { openStore } from '../../../dev/cosmos/store.ts';
import { clientOf } from './stand.ts';

const DOCUMENTS = 100_000;
const PARTITIONS = 200;

let folder: string;
let server: CosmosServer;

function fill(file: string): void {
  const store = openStore(file);
  store.addDatabase('keepsake');
  const definition = JSON.stringify({ id: 'memory', partitionKey: { paths: ['/pk'] } });
  const container = store.putContainer({ database: 'keepsake', id: 'memory', text: definition });
  store.atomically(() => {
    for (let n = 0; n < DOCUMENTS; n += 1) {
      const pk = `p${n % PARTITIONS}`;
      const text = JSON.stringify({ id: `${n}`, pk, n, text: 'lorem ipsum '.repeat(20) });
      store.put(container, { partition: JSON.stringify([pk]), id: `${n}`, text, etag: '""', ts: 1, ttl: null });
    }
  });
  store.close();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cosmos-'));
  const file = join(folder, 'large.sqlite');
  fill(file);
  server = await startCosmos({ file });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const newest = 'SELECT TOP 20 VALUE c.n FROM c WHERE c.pk = "p7" ORDER BY c.n DESC';

describe('a container of 100,000 documents', () => {
  test.each([
    ['by key', 'SELECT TOP 20 VALUE c.n FROM c ORDER BY c.n DESC', { partitionKey: 'p7' }],
    ['by predicate', newest, {}],
  ])('a top-20 query of one partition reads that partition only, %s', async (_, query, options) => {
    const client = clientOf(server);
    const container = client.database('keepsake').container('memory');
    const { resources, requestCharge } = await container.items.query(query, options).fetchAll();
    expect(resources).toEqual(Array.from({ length: 20 }, (__, index) => DOCUMENTS - PARTITIONS + 7 - index * PARTITIONS));
    const partitionKilobytes = ((DOCUMENTS / PARTITIONS) * 300) / 1024;
    expect(requestCharge).toBeLessThan(2.3 + 0.05 * partitionKilobytes);
    client.dispose();
  });

  test('and takes milliseconds', async () => {
    const client = clientOf(server);
    const container = client.database('keepsake').container('memory');
    const times: number[] = [];
    for (let turn = 0; turn < 15; turn += 1) {
      const started = performance.now();
      await container.items.query(newest).fetchAll();
      times.push(performance.now() - started);
    }
    const median = times.sort((left, right) => left - right)[7];
    expect(median).toBeLessThan(100); // about 3 ms on an idle machine; a scan of the container takes over a second
    client.dispose();
  });
});
