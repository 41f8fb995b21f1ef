import { app } from '@azure/functions';
import { preflightHeaders } from '../lib/cors.ts';
import { requestIdOf } from '../lib/http.ts';
import { services } from '../lib/services.ts';

/** OPTIONS of every path: what a browser of a listed origin asks before it calls. */
app.http('preflight', {
  methods: ['OPTIONS'],
  route: '{*path}',
  authLevel: 'anonymous',
  handler: (request) => ({
    status: 204,
    headers: { ...preflightHeaders(services().config, request), 'x-request-id': requestIdOf(services(), request) },
  }),
});
