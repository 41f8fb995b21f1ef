import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Json } from '../support/api.ts';
import type { Stack } from '../support/stack.ts';
import { type Received, send } from './wire.ts';

/** The field routes of a session that no other test has. */
export function fieldRoutes(stack: Stack, session = `s-${randomUUID()}`) {
  const call = (method: string, path: string, { body, headers = {} }: { body?: Json; headers?: Record<string, string> } = {}) =>
    send(`${stack.api().url}/api${path.startsWith('//') ? path.slice(1) : `/sessions/${session}${path}`}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  return {
    session,
    key: (name: string) => `{default|s|${session}}${name}`,
    call,
    get: (path: string) => call('GET', path),
    put: (name: string, value: Json, more: object = {}) => call('PUT', `/fields/${name}`, { body: { value, ...more } }),
    post: (path: string, body?: Json, headers?: Record<string, string>) => call('POST', `/fields/${path}`, { body, headers }),
    value: async (name: string) => (await call('GET', `/fields/${name}`)).body.value,
  };
}

/** The whole answer is this, with status 200. */
export const ok = (answer: Received, body: Json) => expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body });
