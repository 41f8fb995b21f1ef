import type { Position } from './continuation.ts';
import type { Reach } from './narrowing.ts';
import { both, disjoint, hull, type Span } from './spans.ts';
import type { Store, StoredItem } from './store.ts';

// Above this many changes a scan in order of ids is cheaper than looking each of them up, page after page.
const MAX_LOOKED_UP = 1000;

/** The ids last changed in the time of a span, each a span of its own; the span without its time when these are many. */
function changedIn(store: Store, container: number, at: { partition: string; span: Span }): readonly Span[] {
  const { span, partition } = at;
  if (span.tsFrom === undefined && span.tsTo === undefined) return [span];
  const ids = store.changedIds(container, { partition, ...span, limit: MAX_LOOKED_UP + 1 });
  return ids.length > MAX_LOOKED_UP ? [span] : ids.map((id) => ({ idFrom: id, idTo: id }));
}

function* readPart(store: Store, container: number, at: { partition: string; part: Span }): Generator<StoredItem> {
  const { partition, part } = at;
  if (part.idFrom === undefined || part.idFrom !== part.idTo) {
    yield* store.scan(container, { partition, ...part });
    return;
  }
  const item = store.get(container, { partition, id: part.idFrom });
  if (item !== undefined) yield item;
}

/** The items within reach in (partition, id) order, read lazily, from the document `after` on, which is included. */
export function* readReach(
  store: Store,
  container: number,
  { reach, after }: { reach: Reach; after?: Pick<Position, 'partition' | 'id'> },
): Generator<StoredItem> {
  const { partition } = reach.partitions;
  if (partition === undefined) {
    const bounds = hull(reach.spans);
    const from = after && { partition: after.partition, id: after.id };
    if (bounds !== undefined) yield* store.scan(container, { ...reach.partitions, ...bounds, ...(from && { from }) });
    return;
  }
  const spans = after === undefined ? reach.spans : both(reach.spans, [{ idFrom: after.id }]);
  const parts = disjoint(spans.flatMap((span) => changedIn(store, container, { partition, span })));
  for (const part of parts) yield* readPart(store, container, { partition, part });
}
