/** What calls a function when there is work for it. */
export interface Listener {
  /** Takes nothing new; resolves when what it started has been settled. */
  stop(): Promise<void>;
}
