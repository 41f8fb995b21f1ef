/** What becomes of a due entry that the sweep looked at, and what it is counted as. */
export type Verdict =
  | { action: 'remove'; what: 'ended' | 'removed' }
  /** Looked at again at `at` (ms); `tries` counts the looks that found nothing moved. */
  | { action: 'check'; at: number; tries?: number; what: 'rung' | 'moved' };
