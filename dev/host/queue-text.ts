const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes that a stored message text stands for; undefined when it is not Base64 although it should be. */
export function decodeMessage(text: string, isBase64: boolean): Buffer | undefined {
  if (!isBase64) return Buffer.from(text, 'utf8');
  const compact = text.replace(/[\t\n\r ]/g, '');
  return BASE64.test(compact) ? Buffer.from(compact, 'base64') : undefined;
}

/** The message text that stands for these bytes. */
export function encodeMessage(content: string | Uint8Array, isBase64: boolean): string {
  const bytes = Buffer.from(content as string);
  return bytes.toString(isBase64 ? 'base64' : 'utf8');
}

/** Throws a TypeError when the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
