const AT_ONCE = 16; // well below the sockets of a process, so that one batch does not keep everybody else waiting

/** Does the same for many, a few at a time; the answers in the order of the questions. */
export async function manyAtOnce<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const answers = new Array<R>(all.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < all.length; i = next++) answers[i] = await work(all[i] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  return answers;
}
