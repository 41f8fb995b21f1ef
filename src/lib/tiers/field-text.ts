/** A field's value as Redis holds it: JSON texts as JSON.stringify writes them; a list as one text an element, an empty one as `[]`. */
export interface FieldText {
  kind: 'value' | 'list' | 'empty';
  /** Of the JSON text of the whole value, in UTF-8. */
  bytes: number;
  texts: string[];
}

/** Any JSON value as it is kept. */
export function encodeField(value: unknown): FieldText {
  if (!Array.isArray(value)) {
    const text = JSON.stringify(value);
    return { kind: 'value', bytes: Buffer.byteLength(text), texts: [text] };
  }
  if (value.length === 0) return { kind: 'empty', bytes: 2, texts: ['[]'] };
  const texts = value.map((element) => JSON.stringify(element));
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { kind: 'list', bytes: bytes + texts.length + 1, texts };
}

/** The value again; of a list the elements that were read. */
export function decodeField(kind: string, texts: readonly string[]): unknown {
  return kind === 'value' ? JSON.parse(texts[0] ?? 'null') : texts.map((text) => JSON.parse(text));
}
