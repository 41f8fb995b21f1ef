import { createHmac } from 'node:crypto';
import type { CosmosServer } from '../../../dev/cosmos/server.ts';

/** A signed POST below a container that the SDK itself would not send. */
export async function signedPost(
  { endpoint, key }: CosmosServer,
  path: string,
  { headers, body }: { headers: Record<string, string>; body: unknown },
): Promise<Response> {
  const date = new Date().toUTCString();
  const segments = path.split('/');
  const text = `post\n${segments.at(-1)}\n${segments.slice(0, -1).join('/')}\n${date.toLowerCase()}\n\n`;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  const authorization = encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${endpoint}/${path}`, { method: 'POST', headers: { ...headers, authorization, 'x-ms-date': date }, body: payload });
}
