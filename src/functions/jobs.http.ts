import { http } from '../lib/http.ts';
import { listJobs } from '../lib/memory/jobs/job-list.ts';
import { jobView, readJob, redriveJob } from '../lib/memory/jobs/jobs.ts';
import { JobParams, JobQuery, JobsQuery } from '../lib/requests.ts';

/** GET /jobs: the slow work of the last 30 days, newest first, in pages. */
http('jobs-list', {
  method: 'GET',
  route: 'jobs',
  query: JobsQuery,
  run: ({ query, caller, services }) => listJobs(services, caller, query),
});

/** GET /jobs/{job_id}: how a piece of slow work stands; `wait_ms` waits until it is over. */
http('jobs-one', {
  method: 'GET',
  route: 'jobs/{job_id}',
  params: JobParams,
  query: JobQuery,
  run: async ({ params, query, caller, services }) =>
    jobView(await readJob(services, caller, { id: params.job_id, waitMs: query.wait_ms })),
});

/** POST /jobs/{job_id}/redrive: runs a failed job once more (operator). */
http('jobs-redrive', {
  method: 'POST',
  route: 'jobs/{job_id}/redrive',
  params: JobParams,
  needs: 'operator',
  run: async ({ params, caller, services }) => jobView(await redriveJob(services, caller, params.job_id)),
});
