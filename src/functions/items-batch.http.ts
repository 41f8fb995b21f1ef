import { parseWith, readJsonIfAny } from '../lib/body.ts';
import { http, reply } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { demoteItems } from '../lib/memory/items/demote.ts';
import { getItems, prefetchItems, putItems } from '../lib/memory/items/item-batch.ts';
import { once } from '../lib/memory/items/item-once.ts';
import { ownerOfItems } from '../lib/memory/items/item-owner.ts';
import { BatchQuery, DemoteRequest, MgetRequest, MsetRequest, PrefetchRequest } from '../lib/requests-items.ts';

/** POST /items/mget: up to 100 values by key. */
http('items-mget', {
  method: 'POST',
  route: 'items/mget',
  query: BatchQuery,
  body: MgetRequest,
  run: async ({ query, body, caller, services }) => {
    const { body: rest, items } = await getItems(services, ownerOfItems(caller, query.user_id), body);
    return reply(200, rest, { written: { items } });
  },
});

/** POST /items/mset: puts up to 100 values, each for itself. */
http('items-mset', {
  method: 'POST',
  route: 'items/mset',
  query: BatchQuery,
  body: MsetRequest,
  maxBytes: ({ items }) => items.maxBytes,
  run: ({ query, body, caller, services, request }) => {
    const owner = ownerOfItems(caller, query.user_id);
    return once(services, { owner, idempotencyKey: idempotencyKeyOf(request), asked: body }, () => putItems(services, owner, body));
  },
});

/** POST /items/prefetch: brings items to where they are read fastest. */
http('items-prefetch', {
  method: 'POST',
  route: 'items/prefetch',
  query: BatchQuery,
  body: PrefetchRequest,
  run: ({ query, body, caller, services }) => prefetchItems(services, ownerOfItems(caller, query.user_id), body.keys),
});

/** POST /items/demote: moves the tenant's items that nobody read for so long to the cold tier now (operator). */
http('items-demote', {
  method: 'POST',
  route: 'items/demote',
  needs: 'operator',
  run: async ({ caller, services, request }) => {
    const asked = parseWith(DemoteRequest, await readJsonIfAny(request), 'invalid_body');
    return demoteItems(services, caller.tenant, asked);
  },
});
