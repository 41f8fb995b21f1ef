import type { SessionHead } from '../../model.ts';
import type { Services } from '../../services.ts';
import { archiveBlob, type Owner } from '../../tiers/keys.ts';

const PAGE = 100;

/** Writes all that is stored of a session to the cold tier: its head, then its messages, then its summaries, a document a line. */
export async function archiveSession(services: Services, owner: Owner, head: SessionHead): Promise<void> {
  if (!services.archive) throw new Error('there is no Blob Storage to archive to');
  const { session_id, epoch, ended_at } = head;
  await services.archive.write(archiveBlob(owner, session_id, { epoch, day: (ended_at ?? '').slice(0, 10) }), lines(services, owner, head));
}

async function* lines({ warm }: Services, owner: Owner, head: SessionHead): AsyncGenerator<string> {
  const { retention } = warm;
  const { session_id } = head;
  yield line({ tenant: owner.tenant, ...head });
  for (let after = 0, full = true; full; ) {
    const page = await retention.pageAppends(owner, session_id, { after, limit: PAGE });
    for (const record of page) yield line(record);
    after = page.at(-1)?.first_seq ?? after;
    full = page.length === PAGE;
  }
  for (let after = '', full = true; full; ) {
    const page = await retention.pageSummaries(owner, session_id, { after, limit: PAGE });
    for (const summary of page) yield line(summary);
    after = page.at(-1)?.id ?? after;
    full = page.length === PAGE;
  }
}

const line = (document: object): string => `${JSON.stringify(document)}\n`;
