import { readContext } from '../../src/lib/memory/context/context.ts';
import { storeMessages } from '../../src/lib/memory/sessions/turns.ts';
import { ContextRequest, StoreRequest } from '../../src/lib/requests.ts';
import type { Services } from '../../src/lib/services.ts';
import { ownerOf } from '../../src/lib/tiers/keys.ts';

interface Who {
  user_id: string;
  session_id: string;
}
export const TENANT = 'default';
export const ownerIs = ({ user_id, session_id }: Who) => ownerOf(TENANT, user_id, session_id);

/** Stores one exchange through an instance: a text of the user, or the whole request. */
export function say(services: Services, who: Who, said: string | Record<string, unknown>) {
  const exchange = typeof said === 'string' ? { user_message: said, agent_message: `You said: ${said}` } : said;
  const request = StoreRequest.parse({ ...who, ...exchange });
  return storeMessages(services, { owner: ownerIs(who), request });
}

/** The context through an instance. */
export function recall(
  services: Services,
  who: Who,
  more: { at_least_seq?: number; max_tokens?: number; query?: string; explain?: boolean } = {},
) {
  return readContext(services, ownerIs(who), ContextRequest.parse({ ...who, ...more }));
}

/** What the user said, in order, as the context shows it. */
export async function recalled(services: Services, who: Who, more: { at_least_seq?: number } = {}): Promise<string[]> {
  return (await recall(services, who, more)).active_context.map((turn) => turn.user_message);
}
