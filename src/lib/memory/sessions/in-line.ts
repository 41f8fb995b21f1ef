/**
 * Lets writers of one session in this process go one after another. Only a courtesy: the compare-and-swap on the head keeps order
 * between processes, and this keeps fifty parallel writers here from losing it to each other again and again.
 */
export function createLine() {
  const tails = new Map<string, Promise<unknown>>();

  /** Runs `work` after all earlier work under `name` has settled. */
  return function inLine<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = tails.get(name) ?? Promise.resolve();
    const run = before.then(work, work);
    const tail = run.catch(() => {});
    tails.set(name, tail);
    void tail.then(() => {
      if (tails.get(name) === tail) tails.delete(name);
    });
    return run;
  };
}
export type InLine = ReturnType<typeof createLine>;
