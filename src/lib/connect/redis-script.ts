import { createHash } from 'node:crypto';
import type { RedisClient } from './redis.ts';

export interface Script {
  name: string;
  /** Runs the script; replies as text. `keys` must share one hash tag. */
  run: (client: RedisClient, keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>;
}

const isUnknown = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT');

/** A Lua script called by its hash; a server that does not know it yet is sent the text, once. Without `numberOfKeys` it takes any. */
export function script(name: string, lua: string, numberOfKeys?: number): Script {
  const sha1 = createHash('sha1').update(lua).digest('hex');

  const run: Script['run'] = async (client, keys, args) => {
    const count = numberOfKeys ?? keys.length;
    if (keys.length !== count) throw new Error(`Script ${name} takes ${count} keys, not ${keys.length}`);
    const words = [count, ...keys, ...args]; // as one list: a script may take more values than a call may have arguments
    try {
      return await client.call('evalsha', [sha1, ...words]);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      return client.call('eval', [lua, ...words]);
    }
  };
  return { name, run };
}
