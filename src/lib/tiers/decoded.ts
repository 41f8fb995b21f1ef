/** What a JSON text says; undefined when it is none. Texts in Redis may have been garbled: they must never break a request. */
export function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
