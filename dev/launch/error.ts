/** Something the person at the terminal can put right: printed as it is, without a stack. */
export class LaunchError extends Error {
  override name = 'LaunchError';
}
