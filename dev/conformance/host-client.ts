import { Agent, type IncomingHttpHeaders, request } from 'node:http';

interface HostRequest {
  method?: string;
  /** A list sends the header once for each value. */
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
  /** Sends the body in chunks, without Content-Length. */
  isChunked?: boolean;
}

export interface HostAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
  /** The body parsed, or undefined when it is not JSON. */
  json: ReturnType<typeof JSON.parse>;
}

export interface HostClient {
  /** Any status is an answer; `path` starts with a slash, `/api` and `/admin` included. */
  send(path: string, options?: HostRequest): Promise<HostAnswer>;
  close(): void;
}

const TIMEOUT_MS = 30_000;

/** HTTP as it is on the wire: fetch would hide repeated headers, undeclared methods and how a body is framed. */
export function createHostClient(baseUrl: string): HostClient {
  const agent = new Agent({ keepAlive: true });

  function send(path: string, { method = 'GET', headers = {}, body, isChunked = false }: HostRequest = {}): Promise<HostAnswer> {
    return new Promise((resolve, reject) => {
      const length = body === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(body) };
      const outgoing = request(new URL(path, baseUrl), { method, agent, headers: { ...length, ...headers }, timeout: TIMEOUT_MS });
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS} ms`)));
      outgoing.on('response', async (incoming) => {
        const bytes = Buffer.concat(await incoming.toArray());
        const text = bytes.toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text, json: parse(text) });
      });
      // The first write starts the chunks, before Node could count the body.
      if (isChunked) outgoing.write(body);
      outgoing.end(isChunked ? undefined : body);
    });
  }

  return { send, close: () => agent.destroy() };
}

function parse(text: string): HostAnswer['json'] {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
