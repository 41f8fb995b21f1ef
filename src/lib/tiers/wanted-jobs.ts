import type { Job } from '../model-work.ts';
import type { Statement } from './cosmos-gate.ts';

/** Which jobs are asked for; what is left out does not matter. */
export interface WantedJobs {
  status?: Job['status'];
  kind?: Job['job_kind'];
  session_id?: string;
  user_id?: string;
}

/** The query for such jobs of one partition, newest first. */
export function jobsWanted(pk: string, { status, kind, session_id, user_id }: WantedJobs): Statement {
  const given = Object.entries({ status, job_kind: kind, session_id, user_id }).filter(([, value]) => value !== undefined);
  const conditions = given.map(([name]) => ` AND c.${name} = @${name}`).join('');
  return {
    query: `SELECT * FROM c WHERE c.pk = @pk AND c.kind = 'job'${conditions} ORDER BY c.created_at DESC`,
    parameters: [{ name: '@pk', value: pk }, ...given.map(([name, value]) => ({ name: `@${name}`, value: value ?? '' }))],
  };
}
