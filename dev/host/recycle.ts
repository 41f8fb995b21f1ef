/** With this exit code the app's process asks its parent for a fresh one, as the real host replaces its worker. */
export const RECYCLE_EXIT_CODE = 75;
