import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer, Api } from '../support/api.ts';

const LISTED = 20;
// People take a breath; and a test ends before the buffer of a session is full.
const BREATH_MS = 150;

/** Someone who goes on talking to the service, now through one app process and now through another, and checks each answer. */
export function createTalker({ session_id, apis }: { session_id: string; apis: Api[] }) {
  const who = { session_id, user_id: `u-${randomUUID()}` };
  const said: string[] = [];
  let seq = 0;
  let asked = 0;
  let stopped = false;
  /** What was noticed since the last look. */
  const seen = { degraded: 0, refused: 0, slowestMs: 0 };

  const fields = `/sessions/${session_id}/fields`;
  const api = () => apis[asked++ % apis.length]!;

  async function timed(request: Promise<Answer>): Promise<Answer> {
    const started = performance.now();
    const answer = await request;
    seen.slowestMs = Math.max(seen.slowestMs, performance.now() - started);
    if (answer.body?.degraded) seen.degraded++;
    expect(answer.body?.degraded ?? ['redis']).toEqual(['redis']);
    return answer;
  }

  /** A turn is stored whatever becomes of Redis. */
  async function store(): Promise<void> {
    const text = `${session_id} says ${said.length}`;
    const { status, body } = await timed(api().post('/memory/store', { ...who, user_message: text, agent_message: 'Go on.' }));
    expect({ status, body }).toMatchObject({ status: 200, body: { durability: 'stored', seq: 2 * (said.length + 1), duplicate: false } });
    said.push(text);
    seq = body.seq;
  }

  async function turns(more: object): Promise<string[]> {
    const { status, body } = await timed(api().post('/memory/context', { ...who, max_tokens: 100_000, ...more }));
    expect(status, JSON.stringify(body)).toBe(200);
    return body.active_context.map((turn: { user_message: string }) => turn.user_message);
  }

  /** A context has everything that was acknowledged where that is asked for; else it may be a while behind, and is never another one. */
  async function read(): Promise<void> {
    expect(await turns({ at_least_seq: seq })).toEqual(said);
    const perhapsOlder = await turns({});
    expect(perhapsOlder).toEqual(said.slice(0, perhapsOlder.length));
  }

  /** Undefined when Redis could not be asked; that is said as it should be. */
  async function fieldAnswer(request: Promise<Answer>): Promise<Answer | undefined> {
    const answer = await timed(request);
    if (answer.status !== 503) return answer;
    seen.refused++;
    expect(answer.body).toMatchObject({ code: 'tier_unavailable', degraded: ['redis'] });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    return undefined;
  }

  /** Writes may be lost with the primary that took them; what is there is what was written, and whole. */
  async function useFields(): Promise<void> {
    const n = said.length;
    const pair = { one: { of: session_id, n }, other: { of: session_id, n } };
    const done = [
      await fieldAnswer(api().request('PATCH', fields, { body: { fields: pair } })),
      await fieldAnswer(api().post(`${fields}/list/append`, { value: n, max_length: LISTED })),
      await fieldAnswer(api().post(`${fields}/count/increment`, { by: 1 })),
    ];
    for (const answer of done) if (answer) expect(answer.status, JSON.stringify(answer.body)).toBe(200);

    const all = await fieldAnswer(api().get(fields));
    if (!all) return;
    expect(all.status).toBe(200);
    const { one, other, list = [], count = 0 } = all.body.fields;
    expect(one, 'fields set together are of one moment').toEqual(other);
    if (one) expect(one).toEqual({ of: session_id, n: expect.any(Number) });
    expect(list.toSorted((a: number, b: number) => a - b)).toEqual(list);
    expect(new Set(list).size).toBe(list.length);
    expect(Number.isInteger(count) && count <= n, `count ${count} after ${n} times`).toBe(true);
  }

  async function talk(): Promise<void> {
    while (!stopped) {
      await store();
      await useFields();
      await read();
      await pause(BREATH_MS);
    }
  }

  return {
    who,
    said,
    seen,
    talking: talk(),
    stop: () => {
      stopped = true;
    },
    /** Everything that was said, as it is stored. */
    async stored(): Promise<string[]> {
      const { body } = await timed(api().get(`/sessions/${session_id}/messages?limit=1000`));
      return body.messages.filter((m: { role: string }) => m.role === 'user').map((m: { content: string }) => m.content);
    },
  };
}
export type Talker = ReturnType<typeof createTalker>;
