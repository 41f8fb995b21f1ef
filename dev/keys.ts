import { parseArgs } from 'node:util';
import { createApiKey, type KeyGrant, revokeApiKey } from '../src/lib/api-keys.ts';
import { createBreaker } from '../src/lib/breaker.ts';
import { connectCosmos } from '../src/lib/connect/cosmos.ts';
import { createCredential } from '../src/lib/connect/credential.ts';
import { createCosmosGate } from '../src/lib/tiers/cosmos-gate.ts';
import { createWarmOps, type WarmOps } from '../src/lib/tiers/warm-ops.ts';
import { appSettings, runCommand, UsageError } from './command.ts';

const HELP = `Makes and ends API keys, for an app that runs with AUTH_MODE=keys.

  npm run keys -- create --tenant T [--user U] [--operator]
  npm run keys -- revoke PREFIX

  create      stores a new key by its hash and prints it, this once: nobody can show it again
  --tenant T  whose data the key opens
  --user U    only what belongs to this user of the tenant
  --operator  also the routes that need the operator scope
  revoke      ends the key ks_PREFIX_...; an instance that has seen it notices within a minute

The key goes to standard output, everything else to standard error: KEY=$(npm run -s keys -- create --tenant acme).

Keys lie in the Cosmos DB of the app's own settings: the environment, then local.settings.json, then the local stack at
http://127.0.0.1:8081. When "npm start" says that its stand-in has another port, set COSMOS_ENDPOINT to that address.
Without COSMOS_KEY an Azure account is called with the identity you are signed in with (az login).

There is no list: each key is a partition of its own, so that looking one up is a point read, and listing them would
mean a scan of all partitions. Note the prefix that create prints.`;

const OPTIONS = {
  tenant: { type: 'string' },
  user: { type: 'string' },
  operator: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** A command line that says nothing we do. */
type Work = (ops: WarmOps) => Promise<void>;

/** What the command line asks for; undefined when it asks for help. Throws a UsageError. */
function workOf(args: string[]): Work | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [command, prefix, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`one command at a time (seen: ${positionals.join(' ')})`);
  if (command === 'create') {
    if (prefix !== undefined) throw new UsageError(`create takes options only (seen: ${prefix})`);
    if (values.tenant === undefined) throw new UsageError('create needs --tenant');
    const grant = { tenant: values.tenant, user_id: values.user, scopes: values.operator ? ['operator' as const] : [] };
    return (ops) => create(ops, grant);
  }
  if (command !== 'revoke') throw new UsageError(`the command is create or revoke (seen: ${command ?? 'nothing'})`);
  if (prefix === undefined) throw new UsageError('revoke needs the 8 characters after ks_');
  return (ops) => revoke(ops, prefix);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function create(ops: WarmOps, grant: KeyGrant): Promise<void> {
  const { text, key } = await createApiKey(ops, grant, Date.now());
  const who = `tenant ${key.tenant}${key.user_id === null ? '' : `, user ${key.user_id} only`}`;
  console.error(`Key ${key.id}: ${who}${key.scopes.map((scope) => `, ${scope}`).join('')}. Keep it; it is shown this once.`);
  console.log(text);
}

async function revoke(ops: WarmOps, prefix: string): Promise<void> {
  const key = await revokeApiKey(ops, prefix, Date.now());
  if (!key) throw new Error(`There is no key "${prefix}". A key is named by the 8 characters after ks_.`);
  console.error(`Key ${key.id} of tenant ${key.tenant} ended at ${key.revoked_at}.`);
}

async function run(work: Work): Promise<void> {
  const { cosmos, deployment, identity } = appSettings();
  console.error(`Cosmos DB at ${cosmos.endpoint}, database ${cosmos.database}`);
  const credential = createCredential({ azure: deployment.azure, clientId: identity.clientId });
  const connection = connectCosmos(cosmos, { credential });
  try {
    await work(createWarmOps(createCosmosGate(async () => connection, createBreaker({ failures: 5, resetMs: 60_000 }, Date.now))));
  } finally {
    connection.dispose();
  }
}

await runCommand(HELP, async () => {
  const work = workOf(process.argv.slice(2));
  if (work) await run(work);
  else console.log(HELP);
});
