import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeRaw } from '../../src/lib/memory/transcripts/transcript-store.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { TENANT } from '../support/talk.ts';

let world: Instances; // its Blob Storage refuses connections
beforeAll(async () => {
  world = await startInstances();
});
afterAll(() => world.stop());

function handIn(services: Services) {
  const { user_id, session_id } = world.fresh();
  const owner = { tenant: TENANT, user_id };
  const request = { session_data: 'User: hi', session_id, metadata: {} };
  const known = () => world.instance().warm.hierarchy.listTranscripts(owner, { limit: 10 });
  return { answer: storeRaw(services, { owner, namespace: user_id, request }), known };
}

test('while Blob Storage is down nothing is acknowledged and nothing is stored', async () => {
  const { answer, known } = handIn(world.instance());
  await expect(answer).rejects.toMatchObject({ code: 'tier_unavailable', retryAfterSeconds: 5 });
  expect(await known()).toEqual([]);
});

test('without Blob Storage the route says that it is switched off', async () => {
  const { answer } = handIn({ ...world.instance(), cold: undefined });
  await expect(answer).rejects.toMatchObject({ code: 'tier_disabled' });
});

test('while the queue is down a transcript is still taken', async () => {
  const texts = new Map<string, string>();
  const cold: Services['cold'] = {
    write: async (name, text) => void texts.set(name, text),
    read: async (name) => texts.get(name),
    remove: async (name) => void texts.delete(name),
  };
  const { answer, known } = handIn({ ...world.instance(), cold, ring: async () => false });
  expect(await answer).toMatchObject({ success: true, status: 'queued' });
  expect(await known()).toHaveLength(1);
  expect([...texts.values()]).toEqual(['User: hi']);
  expect([...texts.keys()][0]).toMatch(/^[\w-]{22}\/2026\/01\/15\/[\w-]{22}\.txt\.gz$/);
});
