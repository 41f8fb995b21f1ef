import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { coldTier, createMemory, hotTier, warmTier } from '../src/lib/embedded/memory.ts';

/** What `keepsake/items` takes in an application of its own: behind node:http, as the bare calls of `items-bare.ts` are. */
const { items } = createMemory({ hot: hotTier(), warm: warmTier(), cold: coldTier() });

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const key = pathname.slice('/api/items/'.length);
  const chunks: Buffer[] = [];
  if (request.method === 'POST') for await (const chunk of request) chunks.push(chunk);
  const tier = (searchParams.get('tier') ?? undefined) as 'warm' | 'cold' | undefined;
  const many = async () => JSON.stringify((await items.getMany(JSON.parse(Buffer.concat(chunks).toString()).keys)).items);
  const body = request.method === 'POST' ? await many() : (await items.content(key, { tier })).data;
  response.setHeader('content-type', 'application/json');
  response.end(body);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
