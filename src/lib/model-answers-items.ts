import type { Answered } from './model-answers.ts';

/** What the service answers of items. A tier is hot, warm or cold. */
export interface KeptItem extends Answered {
  key: string;
  tier: string;
  etag: string;
  size_bytes: number;
  compressed: boolean;
  expires_at: string | null;
  /** cache: in Redis alone, which may lose it. */
  durability: 'stored' | 'cache';
}

/** An item as it was found: in which tier, and in which faster ones it lies from now on. */
export interface ItemAnswer<T = unknown> extends Answered {
  key: string;
  value: T;
  tier: string;
  promoted_to: string[];
  etag: string;
  expires_at: string | null;
}

/** What a list says of an item. */
export interface ListedItem {
  key: string;
  tier: string;
  etag: string;
  content_type: string;
  size_bytes: number;
  expires_at: string | null;
  written_at: string;
}
export interface ItemPage extends Answered {
  items: ListedItem[];
  /** Of this page. */
  count: number;
  next_cursor: string | null;
}

/** Many values by key; null is a value, or stands for one that is in `missing` or `failed`. */
export interface ManyItems<T = unknown> extends Answered {
  items: Record<string, T | null>;
  missing: string[];
  /** Keys that could not be read, with the error code of each. */
  failed?: Record<string, string>;
}
export interface Prefetched extends Answered {
  prefetched: number;
  missing: string[];
  failed?: Record<string, string>;
}

/** What became of one item of many: each is put for itself. */
export type PutResult =
  | ({ status: 'success' } & Omit<KeptItem, 'degraded'>)
  | { status: 'error'; code: string; status_code: number; error: string };
