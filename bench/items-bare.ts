import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/**
 * What the service is measured against: the SDK's one call behind node:http and nothing else. Run as a process of its own by
 * `items.ts`, with the addresses in its environment.
 */
interface Calls {
  answers: Record<string, (key: string) => Promise<Buffer | string>>;
  mget: (body: string) => Promise<string>;
}
const { answers, mget } = createRequire(import.meta.url)('./bare-app/calls.cjs') as Calls;

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const key = pathname.slice('/api/items/'.length);
  const chunks: Buffer[] = [];
  if (request.method === 'POST') for await (const chunk of request) chunks.push(chunk);
  const tier = searchParams.get('tier') ?? 'hot';
  const body = request.method === 'POST' ? await mget(Buffer.concat(chunks).toString()) : await answers[tier]?.(key);
  response.setHeader('content-type', 'application/json');
  response.end(body);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
