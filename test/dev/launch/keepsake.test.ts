import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Api } from '../../support/api.ts';
import { appFolder } from '../../support/app-folder.ts';
import { launchIn } from './launcher.ts';

const told = ['I sail every weekend.', 'My boat is called Petrel.', 'I am learning Portuguese.'];

const store = (api: Api, says: string) =>
  api.post('/memory/store', { user_id: 'ada', session_id: 'first', user_message: says, agent_message: 'Tell me more.' });

test('every turn that Keepsake acknowledged is in the context after SIGKILL of the whole stack and a new start', async () => {
  const root = appFolder();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const args = ['--host', 'dev', '--data', join(root, 'data')];
  const first = launchIn(root, { args });
  const api = await first.ready();
  const stored: string[] = [];
  for (const says of told) {
    expect((await store(api, says)).status).toBe(200);
    stored.push(says);
  }
  await first.kill('SIGKILL');

  const second = launchIn(root, { args });
  const again = await second.ready();
  const { body } = await again.post('/memory/context', { user_id: 'ada', session_id: 'first' });
  expect(body.active_context.map((turn: { user_message: string }) => turn.user_message)).toEqual(stored);
  expect(await second.kill('SIGTERM')).toBe(0);
});
