const { app } = require('@azure/functions');

/** Answers with what the function was given. */
async function echo(request, context) {
  const body = Buffer.from(await request.arrayBuffer());
  return {
    jsonBody: {
      function: context.functionName,
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      query: [...request.query],
      params: request.params,
      body: body.toString('base64'),
      length: body.length,
    },
  };
}

const named = (_request, context) => ({ body: context.functionName });

app.http('echo', { authLevel: 'anonymous', methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], route: 'echo/{id?}', handler: echo });
app.http('default-route', { handler: named });

app.http('throws', { authLevel: 'anonymous', methods: ['GET'], handler: () => Promise.reject(new Error('a secret of the app')) });
app.http('returns-nothing', { authLevel: 'anonymous', methods: ['GET'], handler: () => undefined });
app.http('returns-text', { authLevel: 'anonymous', methods: ['GET'], handler: () => 'only objects are answers' });
app.http('status', {
  authLevel: 'anonymous',
  methods: ['GET'],
  route: 'status/{code:int}',
  handler: ({ params }) => ({ status: Number(params.code), body: Number(params.code) === 204 ? undefined : 'said' }),
});
app.http('bytes', {
  authLevel: 'anonymous',
  methods: ['POST'],
  handler: async (request) => ({ body: Buffer.from(await request.arrayBuffer()), headers: { 'content-type': 'application/x-bytes' } }),
});
app.http('headers', {
  authLevel: 'anonymous',
  methods: ['GET'],
  handler: () => ({ body: 'x', headers: { 'X-Mixed-Case': 'kept', 'cache-control': 'no-store' } }),
});
app.http('cookies', {
  authLevel: 'anonymous',
  methods: ['GET'],
  handler: () => ({
    cookies: [
      { name: 'plain', value: 'a b' },
      { name: 'full', value: '1', path: '/api', maxAge: 60, secure: true, httpOnly: true, sameSite: 'Strict' },
    ],
  }),
});
app.http('context', {
  authLevel: 'anonymous',
  methods: ['GET'],
  handler: (_request, context) => ({
    jsonBody: { name: context.functionName, id: context.invocationId, trace: context.traceContext, trigger: context.options.trigger.type },
  }),
});
