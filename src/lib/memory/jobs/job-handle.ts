import type { Job } from '../../model-work.ts';
import type { Services } from '../../services.ts';

/** What a kind of job may do with its record. Throws LeaseLost when another worker has it. */
export interface JobHandle {
  readonly job: Job;
  /** Enough for one delivery: stop at the next checkpoint and answer `more: true`. */
  timeUp(): boolean;
  /** Notes where the work stands; what it costs is metered where the model is asked. */
  checkpoint(result: Record<string, unknown>): Promise<void>;
}
/** The session that a job is about; only a job about a whole user has none. */
export function sessionOf({ id, session_id }: Job): string {
  if (session_id === null) throw new Error(`job ${id} names no session`);
  return session_id;
}

/** What a kind of job answers: its result, and whether there is more to do in another delivery. */
export interface WorkDone {
  result: Record<string, unknown>;
  more?: boolean;
}
export type Work = (services: Services, handle: JobHandle) => Promise<WorkDone>;
