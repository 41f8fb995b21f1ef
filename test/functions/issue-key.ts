import { createApiKey, type KeyGrant, revokeApiKey } from '../../src/lib/api-keys.ts';
import { createBreaker } from '../../src/lib/breaker.ts';
import { loadConfig } from '../../src/lib/config.ts';
import { connectCosmos } from '../../src/lib/connect/cosmos.ts';
import { createCosmosGate } from '../../src/lib/tiers/cosmos-gate.ts';
import { createWarmOps, type WarmOps } from '../../src/lib/tiers/warm-ops.ts';

interface At {
  endpoint: string;
  key: string;
}

async function withOps<T>({ endpoint, key }: At, work: (ops: WarmOps) => Promise<T>): Promise<T> {
  const config = loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key });
  const connection = connectCosmos(config.cosmos);
  try {
    return await work(createWarmOps(createCosmosGate(async () => connection, createBreaker({ failures: 5, resetMs: 60_000 }, Date.now))));
  } finally {
    connection.dispose();
  }
}

/** A new key in this Cosmos DB, as its owner sends it. */
export const issueKey = (cosmos: At, grant: KeyGrant): Promise<string> =>
  withOps(cosmos, async (ops) => (await createApiKey(ops, grant, Date.now())).text);

/** Ends a key by its text. */
export const endKey = (cosmos: At, text: string) => withOps(cosmos, (ops) => revokeApiKey(ops, text.slice(3, 11), Date.now()));
