/** The SDK's one call in a Functions handler and nothing else: what the platform's own library costs. Names as in the service. */
const { app } = require('@azure/functions');
const { answers, mget } = require('./calls.cjs');

app.http('item-get', {
  methods: ['GET'],
  route: 'items/{key}',
  authLevel: 'anonymous',
  handler: async ({ params, query }) => ({
    headers: { 'content-type': 'application/json' },
    body: await answers[query.get('tier') ?? 'hot'](params.key),
  }),
});
app.http('items-mget', {
  methods: ['POST'],
  route: 'items/mget',
  authLevel: 'anonymous',
  handler: async (request) => ({ headers: { 'content-type': 'application/json' }, body: await mget(await request.text()) }),
});
