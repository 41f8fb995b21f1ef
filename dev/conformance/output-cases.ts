import { randomUUID } from 'node:crypto';
import type { Case, Probe } from './case.ts';
import { encoded } from './queue-probe.ts';

interface Output {
  what: string;
  /** What the function is told to send: `text`, `json` or `bytes` in Base64, made unique by the token. */
  body: (token: string) => object;
  /** The messages, decoded. */
  messages: (token: string) => string[];
}

/** What lies in the output queue after the function has answered. */
function sends({ what, body, messages }: Output): Case {
  const token = randomUUID();
  return {
    name: `an output that is ${what}`,
    expected: { status: 201, messages: messages(token) },
    async see(probe) {
      const { status } = await probe.host.send('/api/send', { method: 'POST', body: JSON.stringify(body(token)) });
      return { status, messages: await sentTexts(probe, token) };
    },
  };
}

/** The answer comes after the outputs were sent, so there is nothing to wait for. */
async function sentTexts({ queues }: Probe, token: string): Promise<string[]> {
  const decode = (stored: string) => Buffer.from(stored, 'base64').toString('utf8');
  const stored = await queues.peek('out', (text) => decode(text).includes(token), 0);
  return stored.map(decode);
}

/** Storage queue outputs; the messages are Base64. */
export const outputCases: Case[] = [
  sends({ what: 'a text is one message', body: (token) => ({ text: `é ${token}` }), messages: (token) => [`é ${token}`] }),
  sends({
    what: 'an object is its JSON',
    body: (token) => ({ json: { token, n: 1 } }),
    messages: (token) => [`{"token":"${token}","n":1}`],
  }),
  sends({
    what: 'an array is a message for each element',
    body: (token) => ({ json: [{ token }, `text ${token}`] }),
    messages: (token) => [`{"token":"${token}"}`, `text ${token}`],
  }),
  sends({
    what: 'a text that is a JSON array is a message for each element',
    body: (token) => ({ text: `["1 ${token}","2 ${token}"]` }),
    messages: (token) => [`1 ${token}`, `2 ${token}`],
  }),
  sends({
    what: 'bytes is a message of these bytes',
    body: (token) => ({ bytes: encoded(`bytes ${token}`) }),
    messages: (token) => [`bytes ${token}`],
  }),
  {
    name: 'nothing is sent when the handler throws after setting an output',
    expected: { status: 500, messages: [] },
    async see(probe) {
      const token = randomUUID();
      const { status } = await probe.host.send('/api/send', { method: 'POST', body: JSON.stringify({ text: token, throws: true }) });
      return { status, messages: await sentTexts(probe, token) };
    },
  },
  {
    name: 'an output that was not set sends nothing',
    expected: { status: 201, messages: [] },
    async see(probe) {
      const { status } = await probe.host.send('/api/send', { method: 'POST', body: '{}' });
      return { status, messages: await probe.queues.peek('out', (text) => text === '', 0) };
    },
  },
  {
    name: 'what a queue function returns goes to its return binding',
    expected: 1,
    async see({ queues }) {
      const text = `{"token":"${randomUUID()}","fail":99}`;
      await queues.put('forward', encoded(`{"send":${text}}`));
      // The function that takes it fails on it, so that it ends up where it can be seen.
      return (await queues.peek('in-poison', (stored) => stored === encoded(text))).length;
    },
  },
];
