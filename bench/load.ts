import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One request as bytes, and what its answer must contain. */
export interface Shot {
  bytes: Buffer;
  expects: string;
}
export interface Measured {
  /** Milliseconds of each request. */
  times: number[];
  /** From the first request to the last answer. */
  seconds: number;
}

/** A request over a connection that stays open. */
export function shot(path: string, { expects, body }: { expects: string; body?: object }): Shot {
  const text = body === undefined ? '' : JSON.stringify(body);
  const head = [`${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`, 'host: 127.0.0.1'];
  if (text) head.push('content-type: application/json', `content-length: ${Buffer.byteLength(text)}`);
  return { bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`), expects };
}

/**
 * Sends requests over so many connections, on each one after the other, and times them. A client made of bare sockets, because any
 * other would be the slowest part. Rejects when an answer is not what was expected.
 */
export async function load(port: number, { connections, requests, shotAt }: Load): Promise<Measured> {
  const times: number[] = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      const ask = asker(socket);
      while (next < requests) {
        const { bytes, expects } = shotAt(next++);
        const sent = performance.now();
        const answer = await ask(bytes);
        times.push(performance.now() - sent);
        if (!answer.startsWith('HTTP/1.1 200') || !answer.includes(expects)) throw new Error(`unexpected: ${answer.slice(0, 400)}`);
      }
      socket.destroy();
    }),
  );
  return { times, seconds: (performance.now() - begun) / 1000 };
}
interface Load {
  connections: number;
  requests: number;
  shotAt: (index: number) => Shot;
}

const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** Writes a request and reads its answer, by its length or in chunks. */
function asker(socket: Socket) {
  let got: Buffer[] = [];
  let waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;
  socket.on('data', (chunk) => {
    got.push(chunk);
    const all = got.length === 1 ? chunk : Buffer.concat(got);
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [, length] = /content-length: (\d+)/i.exec(all.toString('latin1', 0, end)) ?? [];
    const isWhole = length === undefined ? all.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) : all.length >= end + 4 + Number(length);
    if (!isWhole) return;
    got = [];
    waiting?.resolve(all.toString('latin1'));
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the server hung up')));
  return (bytes: Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(bytes);
    });
}
