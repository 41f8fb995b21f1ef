import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createStorage } from '../../dev/launch/storage.ts';
import { runJob } from '../../src/lib/memory/jobs/run-job.ts';
import { storeRaw } from '../../src/lib/memory/transcripts/transcript-store.ts';
import { Doorbell } from '../../src/lib/model-work.ts';
import type { Services } from '../../src/lib/services.ts';
import { type Instances, startInstances } from '../support/instances.ts';
import { TENANT } from '../support/talk.ts';

type Who = ReturnType<Instances['fresh']>;
export const ownerOf = ({ user_id }: Who) => ({ tenant: TENANT, user_id });

/** Two instances with Blob Storage, where the texts of transcripts lie. */
export async function startTranscriptWorld(): Promise<Instances> {
  const id = `t${randomUUID().slice(0, 8)}`;
  const storage = inject('storage');
  await createStorage(storage, { blobPrefix: id, queuePrefix: id });
  return startInstances({ count: 2, settings: { BLOB_CONNECTION_STRING: storage, BLOB_CONTAINER: id } });
}

/** What a test of transcripts does and looks at; `running` is the world of its file. */
export function transcribing(running: () => Instances) {
  const service = () => running().instance();
  const headOf = async (who: Who) => (await service().warm.sessions.readHead(ownerOf(who), who.session_id))?.value;
  return {
    service,
    headOf,
    handIn(who: Who, session_data: string, { services = service(), namespace = who.user_id } = {}) {
      const request = { session_data, session_id: who.session_id, metadata: { user_id: who.user_id } };
      return storeRaw(services, { owner: ownerOf(who), namespace, request });
    },
    /** Answers the doorbells that were rung so far. */
    async work(services: Services = service()): Promise<void> {
      const bells = running()
        .rung.splice(0)
        .filter(({ queue }) => queue !== 'invalidate');
      for (const { payload } of bells) await runJob(services, Doorbell.parse(payload));
    },
    recordOf: async (who: Who, id: string) => (await service().warm.transcripts.read(ownerOf(who), id))!.value,
    async storedIn(who: Who) {
      const head = (await headOf(who))!;
      const range = { epoch: head.epoch, after: 0, through: head.last_seq };
      return service().warm.sessions.readMessages(ownerOf(who), who.session_id, range);
    },
    factsOf: (who: Who) => service().warm.memory.listFacts(ownerOf(who)),
  };
}

/** So many exchanges, each line another; the first ones tell something of the user. */
export function dialogue(exchanges: number): string {
  const told = ['I live in Lisbon.', 'I am allergic to peanuts.', 'I prefer tea over coffee.'];
  const lines = Array.from({ length: exchanges }, (_, n) => [`User: ${told[n] ?? `What about point ${n}?`}`, `Assistant: Remark ${n}.`]);
  return lines.flat().join('\n');
}
/** The texts of its messages. */
export const saidIn = (text: string) => text.split('\n').map((line) => line.replace(/^\w+: /, ''));
