import { expect, test } from 'vitest';
import { storeRequest } from '../../src/lib/requests.ts';
import { messageRequest } from '../../src/lib/requests-session.ts';

const text = (length: number) => 'x'.repeat(length);

test.each([
  ['an exchange', (content: string) => storeRequest(40_000).safeParse({ session_id: 's', user_message: content, agent_message: 'ok' })],
  ['messages', (content: string) => storeRequest(40_000).safeParse({ session_id: 's', messages: [{ role: 'user', content }] })],
  ['one message', (content: string) => messageRequest(40_000).safeParse({ role: 'user', content })],
])('%s may be as long as MESSAGE_MAX_CHARS says, and no longer', (_what, parse) => {
  expect(parse(text(40_000)).success).toBe(true);
  expect(parse(text(40_001)).success).toBe(false);
});
