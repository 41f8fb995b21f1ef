import { http, reply } from '../lib/http.ts';
import { listItems } from '../lib/memory/items/item-list.ts';
import { itemOf, ownerOfItems } from '../lib/memory/items/item-owner.ts';
import { headersOf, itemReply } from '../lib/memory/items/item-view.ts';
import { contentOf, deleteItem, getItem, headItem, keptView, putItem, quoted } from '../lib/memory/items/items.ts';
import { preconditionOf } from '../lib/precondition.ts';
import { ItemParams, ItemQuery, ItemsQuery, PutItemQuery, PutItemRequest } from '../lib/requests-items.ts';

const route = 'items/{key}';

/** PUT /items/{key}: a JSON value, or any bytes with their type. */
http('item-put', {
  method: 'PUT',
  route,
  params: ItemParams,
  query: PutItemQuery,
  body: PutItemRequest,
  takesRaw: true,
  maxBytes: ({ items }) => items.maxBytes,
  run: async ({ params, query, body, raw, caller, services, request }) => {
    const of = itemOf(caller, { ...query, ...params });
    const asked = raw ? { content: raw, options: query } : { content: contentOf(body.value), options: body };
    const kept = await putItem(services, of, { ...asked, precondition: preconditionOf(request) });
    return reply(200, keptView(of, kept), { headers: { etag: quoted(kept.etag) } });
  },
});

/** GET /items/{key}: from the fastest tier that has it, or from the one that is named. */
http('item-get', {
  method: 'GET',
  route,
  params: ItemParams,
  query: ItemQuery,
  run: async ({ params, query, caller, services }) => {
    const { body, ...options } = itemReply(params.key, await getItem(services, itemOf(caller, { ...query, ...params }), query.tier));
    return reply(200, body, options);
  },
});

/** HEAD /items/{key}: whether it is there, and what a GET would say of it. */
http('item-has', {
  method: 'HEAD',
  route,
  params: ItemParams,
  query: ItemQuery,
  run: async ({ params, query, caller, services }) => {
    const head = await headItem(services, itemOf(caller, { ...query, ...params }), query.tier);
    return reply(200, undefined, { headers: { ...headersOf(head), 'x-item-size': String(head.bytes) } });
  },
});

/** DELETE /items/{key}: in every tier. */
http('item-delete', {
  method: 'DELETE',
  route,
  params: ItemParams,
  query: ItemQuery,
  run: ({ params, query, caller, services, request }) =>
    deleteItem(services, itemOf(caller, { ...query, ...params }), preconditionOf(request)),
});

/** GET /items: a user's durable items, in pages. */
http('items-list', {
  method: 'GET',
  route: 'items',
  query: ItemsQuery,
  run: ({ query, caller, services }) => listItems(services.items.warm, ownerOfItems(caller, query.user_id), query),
});
