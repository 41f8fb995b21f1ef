import type { HttpRequest } from '@azure/functions';
import type { Condition } from './tiers/hot-fields.ts';

const TAG = /(W\/)?"([^"]*)"/g;

/** If-Match and If-None-Match of a request, as the tiers compare them. A weak tag never matches If-Match (RFC 9110). */
export function conditionOf({ headers }: HttpRequest): Condition {
  return { mustBe: tags(headers.get('if-match'), { strong: true }), mustNot: tags(headers.get('if-none-match'), { strong: false }) };
}

/** '' without the header, '*', or the tags between commas; what is no tag matches nothing. */
function tags(header: string | null, { strong }: { strong: boolean }): string {
  if (header === null) return '';
  if (header.trim() === '*') return '*';
  const named = [...header.matchAll(TAG)].filter(([, weak]) => !(strong && weak)).map(([, , tag]) => tag);
  return `,${named.join(',')},`;
}

/** An answer's headers: the tag as ETag has it, if there is one. */
export const withTag = (tag: string | undefined): { headers: Record<string, string> } => ({ headers: tag ? { etag: `"${tag}"` } : {} });
