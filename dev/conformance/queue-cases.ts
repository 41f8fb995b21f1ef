import { randomUUID } from 'node:crypto';
import type { Case } from './case.ts';
import { encoded } from './queue-probe.ts';

const MAX_DEQUEUE_COUNT = 3; // host.json of the app
const MAX_RUNNING = 4 + 2; // batchSize + newBatchThreshold

/** What the handler of a queue function is given for a message. */
function arrives(what: string, text: string, value: unknown): Case {
  return {
    name: `a message that is ${what} arrives as ${typeof value}`,
    expected: [typeof value, value],
    async see({ queues }) {
      const [delivery] = await queues.deliveries(await queues.put('in', encoded(text)));
      return [delivery?.type, delivery?.value];
    },
  };
}

/** Storage queue triggers: decoding, settling, poison. */
export const queueCases: Case[] = [
  arrives('a JSON object', '{"a":{"b":[1,null]}}', { a: { b: [1, null] } }),
  arrives('a JSON array', '[1,2]', [1, 2]),
  arrives('a number', '42', 42),
  arrives('true', 'true', true),
  arrives('a JSON string', '"quoted"', 'quoted'),
  arrives('any other text', 'plain text, é', 'plain text, é'),
  arrives('not quite JSON', '{"a":1', '{"a":1'),
  {
    name: 'the trigger metadata names the message, its times and how often it was received',
    expected: { isId: true, dequeueCount: 1, queueTrigger: 'which?', popReceipt: 'string', times: ['string', 'string', 'string'] },
    async see({ queues }) {
      const id = await queues.put('in', encoded('which?'));
      const [delivery] = await queues.deliveries(id);
      const { dequeueCount, queueTrigger, popReceipt, insertionTime, expirationTime, nextVisibleTime } = delivery?.metadata ?? {};
      const times = [insertionTime, expirationTime, nextVisibleTime].map((time) => typeof time);
      return { isId: delivery?.metadata.id === id, dequeueCount, queueTrigger, popReceipt: typeof popReceipt, times };
    },
  },
  {
    name: 'a handled message is deleted',
    expected: { delivered: 1, left: 0 },
    isAlone: true,
    async see({ queues }) {
      const deliveries = await queues.deliveries(await queues.put('named', encoded('x')));
      return { delivered: deliveries.length, left: await queues.countWhenEmpty('named') };
    },
  },
  {
    name: 'a message whose handler failed comes again, counted',
    expected: [1, 2],
    async see({ queues }) {
      const deliveries = await queues.deliveries(await queues.put('in', encoded('{"fail":1}')), 2);
      return deliveries.map(({ metadata }) => metadata.dequeueCount);
    },
  },
  {
    name: `a message whose handler failed ${MAX_DEQUEUE_COUNT} times (maxDequeueCount) goes to the poison queue`,
    expected: { deliveries: MAX_DEQUEUE_COUNT, poison: 1 },
    async see({ queues }) {
      const text = encoded(JSON.stringify({ fail: 99, token: randomUUID() }));
      const id = await queues.put('in', text);
      const poison = await queues.peek('in-poison', (stored) => stored === text);
      return { deliveries: (await queues.deliveries(id)).length, poison: poison.length };
    },
  },
  {
    name: 'a message that is not Base64 goes to the poison queue as it is and reaches no handler',
    expected: { poison: 1, deliveries: 0 },
    async see({ queues }) {
      const text = `not base64: ${randomUUID()}`;
      const id = await queues.put('in', text);
      const poison = await queues.peek('in-poison', (stored) => stored === text);
      return { poison: poison.length, deliveries: (await queues.deliveries(id, 0)).length };
    },
  },
  {
    name: 'a queue name in percent signs is an app setting',
    expected: 'named-by-setting',
    async see({ queues }) {
      const [delivery] = await queues.deliveries(await queues.put('named', encoded('x')));
      return delivery?.function;
    },
  },
  {
    name: 'the messages of a disabled function stay where they are',
    expected: 1,
    async see({ queues }) {
      const text = encoded(`nobody takes this ${randomUUID()}`);
      await queues.put('disabled', text);
      // By the time that this one was handled the other would have been, too.
      await queues.deliveries(await queues.put('in', encoded('{"fail":1}')), 2);
      return (await queues.peek('disabled', (stored) => stored === text)).length;
    },
  },
  {
    name: `no more than batchSize + newBatchThreshold (${MAX_RUNNING}) messages are handled at once`,
    expected: { isBounded: true, isParallel: true },
    isAlone: true,
    async see({ queues }) {
      const ids = await Promise.all(Array.from({ length: 20 }, () => queues.put('in', encoded('{"ms":150}'))));
      const deliveries = await Promise.all(ids.map((id) => queues.deliveries(id)));
      const most = Math.max(...deliveries.map(([delivery]) => delivery?.running ?? 0));
      return { isBounded: most <= MAX_RUNNING, isParallel: most > 1 };
    },
  },
];
