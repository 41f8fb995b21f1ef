import type { Container } from './catalog.ts';
import type { NewItem } from './document.ts';
import { conflict } from './errors.ts';
import { pathSegments } from './partition-key.ts';
import { atPath } from './sql/values.ts';
import type { Store } from './store.ts';

function keyTexts(container: Container, text: string): string[] {
  const document = JSON.parse(text);
  const policies = container.definition.uniqueKeyPolicy?.uniqueKeys ?? [];
  return policies.map(({ paths }) => JSON.stringify(paths.map((path) => atPath(document, pathSegments(path)) ?? null)));
}

/** Throws 409 when another document of the same partition has the same values under a unique key; reads the whole partition. */
export function checkUniqueKeys(store: Store, container: Container, item: NewItem): void {
  if (container.definition.uniqueKeyPolicy === undefined) return;
  const wanted = keyTexts(container, item.text);
  for (const other of store.scan(container.rid, { partition: item.partition })) {
    if (other.id === item.id) continue;
    const taken = keyTexts(container, other.text).some((key, index) => key === wanted[index]);
    if (taken) throw conflict('Unique index constraint violation.');
  }
}
