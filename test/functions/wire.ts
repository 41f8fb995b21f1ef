import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Json } from '../support/api.ts';

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Without Content-Length, in pieces. */
  chunked?: boolean;
}

export interface Received {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  body: Json;
}

/** One request as its bytes are written here: any header, Host among them, and any body. fetch allows neither. */
export async function send(url: string, { method = 'POST', headers = {}, body, chunked = false }: Sent = {}): Promise<Received> {
  const length = chunked || body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sending = request(url, { method, headers: { ...length, ...headers } });
  if (chunked) {
    sending.setHeader('transfer-encoding', 'chunked');
    sending.write(body);
    sending.end();
  } else sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const answered = await text(response);
  const isJson = answered !== '' && response.headers['content-type']?.includes('json');
  return { status: response.statusCode ?? 0, headers: response.headers, text: answered, body: isJson ? JSON.parse(answered) : undefined };
}
