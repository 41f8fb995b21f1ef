import { http } from '../lib/http.ts';
import { countTokens } from '../lib/memory/sessions/count-tokens.ts';
import { CountTokensRequest } from '../lib/requests-session.ts';

/** POST /tokens/count: how many tokens a text or messages take. */
http('tokens-count', {
  method: 'POST',
  route: 'tokens/count',
  body: CountTokensRequest,
  run: ({ body, services }) => countTokens(services, body),
});
