import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';

const PAGE = 100;

/**
 * Deletes the transcripts of a session, text and record; answers how many. A job that has not begun finds no record and does nothing;
 * one that has begun is stopped by the session's new epoch. Killed in between and asked for again, it goes on.
 */
export async function forgetTranscripts({ cold, warm }: Services, owner: Owner, session_id: string): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const records = await warm.hierarchy.listTranscripts(owner, { sessions: [session_id], limit: PAGE });
    for (const record of records) {
      await cold?.remove(record.blob);
      await warm.transcripts.remove(record);
      forgotten++;
    }
    if (records.length < PAGE) return forgotten;
  }
}
