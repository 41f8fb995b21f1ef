/** How many of a list are asked for at once when all of it is wanted. */
export const PAGE = 100;

/** All of a list: its next page is asked for when the loop has come to the end of the one before. */
export async function* throughPages<P extends { next_cursor: string | null }, T>(
  read: (cursor: string | undefined) => Promise<P>,
  rowsOf: (page: P) => readonly T[],
): AsyncGenerator<T, void, undefined> {
  for (let cursor: string | undefined; ; ) {
    const page = await read(cursor);
    yield* rowsOf(page);
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}
