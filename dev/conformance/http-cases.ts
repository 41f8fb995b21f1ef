import { randomBytes } from 'node:crypto';
import type { Case } from './case.ts';

const NOTHING = { status: 404, text: '' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const BYTES = Buffer.from([0, 1, 127, 128, 255, 13, 10, 0]);

/** What a function is given of a request, and what becomes of its answer. */
export const httpCases: Case[] = [
  {
    name: 'the body of a request without Content-Length (chunked) arrives empty',
    expected: { status: 200, length: 0 },
    async see({ host }) {
      const { status, json } = await host.send('/api/echo', { method: 'POST', body: '{"a":1}', isChunked: true });
      return { status, length: json?.length };
    },
  },
  {
    name: 'the body of a GET request is dropped',
    expected: { status: 200, length: 0 },
    async see({ host }) {
      const { status, json } = await host.send('/api/echo', { method: 'GET', body: 'dropped' });
      return { status, length: json?.length };
    },
  },
  {
    name: 'a body arrives byte for byte',
    expected: BYTES.toString('base64'),
    see: async ({ host }) => (await host.send('/api/echo', { method: 'POST', body: BYTES })).json?.body,
  },
  {
    name: 'a body of 5 MB comes back unchanged',
    expected: { status: 200, isSame: true, type: 'application/x-bytes' },
    async see({ host }) {
      const body = randomBytes(5_000_000);
      const { status, bytes, headers } = await host.send('/api/bytes', { method: 'POST', body });
      return { status, isSame: bytes.equals(body), type: headers['content-type'] };
    },
  },
  {
    name: 'header names arrive in lower case and a repeated header as one value',
    expected: { 'x-mixed-case': 'Kept As It Is', 'x-twice': 'a,b' },
    async see({ host }) {
      const { json } = await host.send('/api/echo', { headers: { 'X-Mixed-Case': 'Kept As It Is', 'X-Twice': ['a', 'b'] } });
      return { 'x-mixed-case': json?.headers['x-mixed-case'], 'x-twice': json?.headers['x-twice'] };
    },
  },
  {
    name: 'a repeated query parameter arrives as one value, decoded',
    expected: [
      ['a', '1,2'],
      ['text', 'x y&z'],
      ['empty', ''],
    ],
    see: async ({ host }) => (await host.send('/api/echo?a=1&a=2&text=x+y%26z&empty=')).json?.query,
  },
  {
    name: 'the function sees the URL that was asked for',
    expected: '/api/echo/5?a=b',
    async see({ host }) {
      const url = new URL((await host.send('/api/echo/5?a=b')).json?.url);
      return `${url.pathname}${url.search}`;
    },
  },
  {
    name: 'a thrown error is a 500 with an empty body',
    expected: { status: 500, text: '' },
    async see({ host }) {
      const { status, text } = await host.send('/api/throws');
      return { status, text };
    },
  },
  {
    name: 'undefined is a 204',
    expected: { status: 204, text: '' },
    async see({ host }) {
      const { status, text } = await host.send('/api/returns-nothing');
      return { status, text };
    },
  },
  {
    name: 'a returned string is no answer but a 500',
    expected: { status: 500, text: '' },
    async see({ host }) {
      const { status, text } = await host.send('/api/returns-text');
      return { status, text };
    },
  },
  ...[200, 201, 204, 404, 409, 429, 503].map(
    (code): Case => ({
      name: `status ${code} is passed on`,
      expected: { status: code, text: code === 204 ? '' : 'said' },
      async see({ host }) {
        const { status, text } = await host.send(`/api/status/${code}`);
        return { status, text };
      },
    }),
  ),
  {
    name: 'headers of the answer are passed on, text gets a content type',
    expected: { mixed: 'kept', cache: 'no-store', type: 'text/plain;charset=utf-8' },
    async see({ host }) {
      const { headers } = await host.send('/api/headers');
      const type = headers['content-type']?.toLowerCase().replaceAll(' ', '');
      return { mixed: headers['x-mixed-case'], cache: headers['cache-control'], type };
    },
  },
  {
    name: 'cookies become Set-Cookie headers with their attributes, for the whole site unless told otherwise',
    expected: ['plain=a%20b; path=/', 'full=1; max-age=60; path=/api; secure; samesite=strict; httponly'],
    see: async ({ host }) => (await host.send('/api/cookies')).headers['set-cookie']?.map((cookie) => cookie.toLowerCase()),
  },
  {
    name: 'the context has the name of the function, an id of its own and the trigger',
    expected: { name: 'context', isUuid: true, isNew: true, trigger: 'httpTrigger' },
    async see({ host }) {
      const [first, second] = [(await host.send('/api/context')).json, (await host.send('/api/context')).json];
      return { name: first?.name, isUuid: UUID.test(first?.id), isNew: first?.id !== second?.id, trigger: first?.trigger };
    },
  },
  {
    name: 'an invocation belongs to the trace of its caller',
    expected: TRACE,
    async see({ host }) {
      const { json } = await host.send('/api/context', { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
      return json?.trace.traceParent.split('-')[1];
    },
  },
  {
    name: 'a path without a function is a 404 with an empty body',
    expected: NOTHING,
    async see({ host }) {
      const { status, text } = await host.send('/api/there-is-no-such-function');
      return { status, text };
    },
  },
];
