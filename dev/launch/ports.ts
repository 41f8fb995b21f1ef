import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/**
 * Starts a server on the preferred port when it is free, else on any. `start` is called a second time, with 0, when
 * somebody took the port in the meantime.
 */
export async function onFreePort<T>(preferred: number, start: (port: number) => Promise<T>): Promise<T> {
  const port = (await isFree(preferred)) ? preferred : 0;
  try {
    return await start(port);
  } catch (error) {
    if (port === 0 || !String(error).includes('EADDRINUSE')) throw error;
    return start(0);
  }
}

/** Whether a server on loopback could listen on this port now. */
export async function isFree(port: number): Promise<boolean> {
  return (await probe(port)) !== undefined;
}

/** A port that nobody has at the moment. */
export async function anyFreePort(): Promise<number> {
  const port = await probe(0);
  if (port === undefined) throw new Error(`${LOOPBACK} has no free port`);
  return port;
}

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
