import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** The preferred port when nothing listens there on loopback, else a free one. */
export async function freePort(preferred: number): Promise<number> {
  return (await probe(preferred)) ?? (await probe(0)) ?? preferred;
}

/** Whether a server could listen on this port now. */
export const isFree = async (port: number): Promise<boolean> => (await probe(port)) !== undefined;

async function probe(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined; // taken, or not ours to take
  } finally {
    server.close();
  }
}
