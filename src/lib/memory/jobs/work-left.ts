import type { SessionHead } from '../../model.ts';
import type { DueEntry } from '../../model-work.ts';
import type { Services } from '../../services.ts';
import { type Owner, ownerOf } from '../../tiers/keys.ts';
import { readOverflow } from '../reflection/summarize.ts';
import { slowJobId } from './due.ts';
import type { JobAsk } from './jobs.ts';

/** What a due entry announced and no cursor covers yet, as the job that does it; undefined when nothing is left. */
export async function workLeft(services: Services, entry: DueEntry): Promise<JobAsk | undefined> {
  const { due: kind, tenant, user_id, session_id } = entry;
  const owner = ownerOf(tenant, user_id, session_id);
  if (kind === 'transcripts') return unprocessed(services, owner, entry);
  if (kind === 'idle') return undefined;
  const stored = await services.warm.sessions.readHead(owner, session_id);
  if (!stored) return undefined;
  const head = stored.value;
  const left = kind === 'reflect' ? await isUnreflected(services, owner, head) : await readOverflow(services, owner, session_id);
  if (!left) return undefined;
  const job_id = entry.job_id ?? slowJobId(owner, head, { kind, now: services.now() });
  return { job_id, kind, owner, session_id, epoch: head.epoch };
}

/** Was reflection asked for up to a turn that it has not reached? */
async function isUnreflected({ warm }: Services, owner: Owner, head: SessionHead): Promise<boolean> {
  if (head.reflected_through >= head.last_seq) return false;
  const next = await warm.sessions.nextAppend(owner, head.session_id, head.reflected_through);
  const first = next?.messages.find((message) => message.seq > head.reflected_through);
  return first !== undefined && first.turn_no <= head.reflect_turn;
}

/** A transcript whose record was never written was never acknowledged; one that is over needs nothing. */
async function unprocessed({ warm }: Services, owner: Owner, { ref = '' }: DueEntry): Promise<JobAsk | undefined> {
  const record = (await warm.transcripts.read(owner, ref))?.value;
  if (!record || record.processed_at !== null) return undefined;
  return { job_id: record.job_id, kind: 'transcripts', owner, session_id: record.session_id, epoch: 0, ref };
}
