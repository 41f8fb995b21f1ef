import { z } from 'zod';
import { MemoryError } from '../../errors.ts';
import type { JobsQuery } from '../../requests.ts';
import type { Services } from '../../services.ts';
import { jobDay } from '../../tiers/keys.ts';
import type { WantedJobs } from '../../tiers/wanted-jobs.ts';
import { jobView } from './jobs.ts';

const DAYS = 30; // jobs live so long after they were last touched, and none is looked for in older days
const DAY_MS = 86_400_000;
const READS = 40; // pages asked of Cosmos DB for one answer: every day once, and some more

/** Where a list goes on: a day, and how far it was read. */
const Cursor = z.object({ day: z.string().regex(/^\d{8}$/), after: z.string().max(3000).optional() });
type Cursor = z.infer<typeof Cursor>;

/**
 * One page of a tenant's jobs of the last 30 days, newest first by the day they were asked for; of the bound user's alone where there
 * is one. A page may be shorter than `limit`, or empty, and still have a next one. Errors: invalid_query for a cursor that is none of ours.
 */
export async function listJobs(
  services: Services,
  { tenant, user }: { tenant: string; user?: string },
  { limit, cursor, ...asked }: JobsQuery,
) {
  const wanted: WantedJobs = { ...asked, ...(user !== undefined && { user_id: user }) };
  const oldest = jobDay(services.now() - DAYS * DAY_MS);
  const jobs: ReturnType<typeof jobView>[] = [];
  let at: Cursor | undefined = cursor === undefined ? { day: jobDay(services.now()) } : decode(cursor);
  for (let reads = 0; at && at.day >= oldest && jobs.length < limit && reads < READS; reads++) {
    const page = { wanted, limit: limit - jobs.length, cursor: at.after };
    const { rows, cursor: after } = await services.warm.ops.pageJobs(tenant, at.day, page);
    jobs.push(...rows.map(jobView));
    at = after === null ? { day: dayBefore(at.day) } : { day: at.day, after };
  }
  return { jobs, next_cursor: at && at.day >= oldest ? encode(at) : null };
}

function dayBefore(day: string): string {
  const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  return jobDay(Date.parse(date) - DAY_MS);
}

const encode = (at: Cursor): string => Buffer.from(JSON.stringify(at)).toString('base64url');

function decode(cursor: string): Cursor {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const genuine = Buffer.from(text).toString('base64url') === cursor && /^[\x20-\x7e]+$/.test(text); // it travels in a header
  const parsed = genuine ? Cursor.safeParse(parseJson(text)) : undefined;
  const known = parsed?.success && !Number.isNaN(Date.parse(parsed.data.day.replace(/^(....)(..)(..)$/, '$1-$2-$3')));
  if (!known) throw new MemoryError('invalid_query', 'cursor must be the next_cursor of an earlier answer');
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
