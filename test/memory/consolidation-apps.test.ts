import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ apps: 3 });
});
afterAll(() => stack.stop());

/** One session through one app process: something said, ended, reflected on by whichever process heard the doorbell. */
async function session(app: number, user_id: string, text: string): Promise<void> {
  const who = { user_id, session_id: `s-${randomUUID()}` };
  await stack.api(app).post('/memory/store', { ...who, user_message: text, agent_message: 'Noted.' });
  const { body } = await stack.api(app).post('/sessions/end', { ...who, wait_ms: 20_000 });
  expect(body.summary_generated).toBe(true);
}
type Discrete = {
  text: string;
  status: string;
  support: number;
  valid_to: string | null;
  superseded_by: string | null;
  sources: unknown[];
};
async function facts(user_id: string): Promise<Discrete[]> {
  const { body } = await stack.api(1).get(`/memory/${user_id}/hierarchy?memory_type=discrete&limit=1000`);
  return body.results.discrete_memories;
}

test('through three app processes: two contradicting statements leave one current fact, one closed one, and a context of the current one', async () => {
  const user_id = `u-${randomUUID()}`;
  await session(0, user_id, 'I live in Berlin.');
  await session(1, user_id, 'I moved to Lisbon.');
  const all = await facts(user_id);
  expect(all.filter((f) => f.status === 'current').map((f) => f.text)).toEqual([expect.stringContaining('Lisbon')]);
  for (const app of [0, 1, 2]) {
    const { body } = await stack.api(app).post('/sessions/start', { user_id });
    expect(body.formatted_context, `app ${app}`).toContain('Lisbon');
    expect(body.formatted_context, `app ${app}`).not.toContain('Berlin');
  }
});

test('through three app processes: a fact said in five sessions that end at once is one fact with five sources', async () => {
  const user_id = `u-${randomUUID()}`;
  await Promise.all([0, 1, 2, 3, 4].map((n) => session(n % 3, user_id, 'I prefer window seats.')));
  const seats = (await facts(user_id)).filter((f) => /window seats/.test(f.text));
  expect(seats).toHaveLength(1);
  expect(seats[0]).toMatchObject({ status: 'current', support: 5 });
  expect(seats[0]?.sources).toHaveLength(5);
});
