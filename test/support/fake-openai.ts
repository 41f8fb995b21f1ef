import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One scripted answer of the fake server. */
export type FakeAnswer =
  | { kind: 'ok'; json: unknown; usage?: { prompt_tokens: number; completion_tokens: number } | null }
  | { kind: 'text'; text: string }
  /** Vectors of the texts that were asked for; numbers where `numbers`, whatever encoding was asked for. Sent when `after` has happened. */
  | { kind: 'vectors'; vectors: number[][]; numbers?: boolean; usage?: { prompt_tokens: number }; after?: Promise<unknown> }
  | { kind: 'refusal' }
  | { kind: 'filtered' }
  | { kind: 'truncated'; text?: string }
  | { kind: 'error'; status: number; code?: string; param?: string; message?: string; headers?: Record<string, string> }
  /** Never answers; ends when the caller gives up. */
  | { kind: 'slow' }
  /** Sends the headers and half the body, then nothing more. */
  | { kind: 'stalled' }
  /** Closes the connection: before any answer, or in the middle of the body. */
  | { kind: 'cut'; midway?: boolean };

export interface FakeRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: {
    model?: string;
    messages?: { role: string; content: string }[];
    response_format?: { type: string; json_schema?: { name: string; strict: boolean; schema: Record<string, unknown> } };
    store?: boolean;
    input?: string[];
    dimensions?: number;
    encoding_format?: string;
    max_completion_tokens?: number;
    max_tokens?: number;
  };
}

export interface FakeOpenAI {
  /** With `/v1`, as a base URL is given. */
  readonly url: string;
  readonly requests: FakeRequest[];
  /** Resolves when `count` requests have arrived in all. */
  received(count: number): Promise<void>;
  /** Answers for the next requests, in order; afterwards `byDefault` again. */
  script(...answers: FakeAnswer[]): void;
  byDefault(answer: (request: FakeRequest) => FakeAnswer): void;
  close(): Promise<void>;
}

const USAGE = { prompt_tokens: 100, completion_tokens: 20 };

/** An OpenAI-compatible server on a free port of 127.0.0.1 that answers as scripted and records what it was asked. */
export async function startFakeOpenAI(): Promise<FakeOpenAI> {
  const requests: FakeRequest[] = [];
  const queue: FakeAnswer[] = [];
  const waiting: { count: number; done: () => void }[] = [];
  let fallback: (request: FakeRequest) => FakeAnswer = plausible;

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      requests.push(asked);
      for (const { count, done } of waiting) if (requests.length >= count) done();
      if (asked.path.endsWith('/models') && queue.length === 0) sendJson(response, { object: 'list', data: [] });
      else reply(response, queue.shift() ?? fallback(asked), body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    received: (count) => new Promise((done) => (requests.length >= count ? done() : waiting.push({ count, done }))),
    script: (...answers) => void queue.push(...answers),
    byDefault: (answer) => {
      fallback = answer;
    },
    close: () => close(server),
  };
}

/** An empty answer that fits whatever schema was asked for. */
function plausible({ body }: FakeRequest): FakeAnswer {
  const asked = `${body.response_format?.json_schema?.name ?? ''} ${body.messages?.[0]?.content ?? ''}`;
  if (asked.startsWith('profile') || asked.includes('"statements"')) return { kind: 'ok', json: { statements: [] } };
  if (asked.startsWith('reflection') || asked.includes('"facts"'))
    return { kind: 'ok', json: { summary: 'Nothing yet.', topics: [], facts: [], insights: [] } };
  return { kind: 'ok', json: { summary: 'Nothing yet.' } };
}

function reply(response: ServerResponse, answer: FakeAnswer, body: FakeRequest['body']): void {
  if (answer.kind === 'slow') return;
  if (answer.kind === 'vectors') void Promise.resolve(answer.after).finally(() => sendJson(response, embeddings(answer, body)));
  else if (answer.kind === 'stalled') sendHalf(response);
  else if (answer.kind === 'cut' && answer.midway) sendHalf(response, () => response.destroy());
  else if (answer.kind === 'cut') response.destroy();
  else if (answer.kind === 'error') sendError(response, answer);
  else sendJson(response, completionOf(answer));
}

function completionOf(answer: Extract<FakeAnswer, { kind: 'ok' | 'text' | 'refusal' | 'filtered' | 'truncated' }>): unknown {
  switch (answer.kind) {
    case 'ok':
      return completion(JSON.stringify(answer.json), { usage: answer.usage });
    case 'text':
      return completion(answer.text);
    case 'refusal':
      return completion(null, { refusal: 'I cannot help with that.' });
    case 'filtered':
      return completion('', { finish_reason: 'content_filter' });
    case 'truncated':
      return completion(answer.text ?? '{"summary": "and then', { finish_reason: 'length' });
  }
}

function embeddings(
  { vectors, numbers = false, usage = { prompt_tokens: 7 } }: Extract<FakeAnswer, { kind: 'vectors' }>,
  body: FakeRequest['body'],
) {
  const asBase64 = body.encoding_format === 'base64' && !numbers;
  const encoded = (vector: number[]) => (asBase64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector);
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encoded(vector) }));
  return { object: 'list', model: `${body.model}-2026`, data, usage: { ...usage, total_tokens: usage.prompt_tokens } };
}

function sendHalf(response: ServerResponse, then: () => void = () => {}): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
  response.write('{"id": "x", "choices": [', then);
}

function sendError(response: ServerResponse, answer: Extract<FakeAnswer, { kind: 'error' }>): void {
  const { status, code = null, param = null, message = 'scripted failure', headers = {} } = answer;
  sendJson(response, { error: { message, type: 'error', code, param } }, { status, headers });
}

interface Completion {
  usage?: typeof USAGE | null | undefined;
  refusal?: string;
  finish_reason?: string;
}

function completion(content: string | null, { usage = USAGE, refusal, finish_reason = 'stop' }: Completion = {}): unknown {
  const message = { role: 'assistant', content, refusal: refusal ?? null };
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1,
    model: 'fake-model',
    choices: [{ index: 0, message, finish_reason, logprobs: null }],
    ...(usage === null ? {} : { usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens } }),
  };
}

function sendJson(response: ServerResponse, body: unknown, { status = 200, headers = {} } = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<FakeRequest['body']> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as FakeRequest['body']);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
