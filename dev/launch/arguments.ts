import { parseArgs } from 'node:util';
import { LaunchError } from './error.ts';

export type HostKind = 'func' | 'dev';

export interface LaunchArguments {
  /** Undefined: func when it is on the PATH, else the dev host. */
  host?: HostKind;
  port?: number;
  data: string;
  reset: boolean;
  watch: boolean;
  write: boolean;
  help: boolean;
}

export const HELP = `Starts Keepsake on this machine: the app and whatever it needs that is not configured elsewhere.

  npm start -- [options]         the app and its tiers
  npm run services -- [options]  the tiers alone, for "func start" by hand

  --host func|dev  Azure Functions Core Tools or the dev host; default: func when it is on the PATH
  --port N         port of the app; default: 7071, or a free one
  --data DIR       where the data lives; default: .keepsake
  --reset          delete the data first
  --watch          build again and restart the app when a source changes
  --write          (services) put the settings into local.settings.json
  --help           this text

REDIS_URL or REDIS_HOST, COSMOS_ENDPOINT or COSMOS_ACCOUNT_URI, AzureWebJobsStorage, BLOB_ACCOUNT_URL or
BLOB_CONNECTION_STRING, in the environment or in local.settings.json, replace the stand-in by the real service.`;

const OPTIONS = {
  host: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string', default: '.keepsake' },
  reset: { type: 'boolean', default: false },
  watch: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a LaunchError that names the option, the rule and the value seen. */
export function parseArguments(args: string[]): LaunchArguments {
  const { host, port, ...rest } = parse(args);
  return { ...rest, host: hostKind(host), port: portNumber(port) };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new LaunchError(`${(error as Error).message}\nnpm start -- --help lists the options.`);
  }
}

function hostKind(value: string | undefined): HostKind | undefined {
  if (value === undefined || value === 'func' || value === 'dev') return value;
  throw new LaunchError(`--host must be func or dev (seen: ${value})`);
}

/** A port as text, from the command line or the setting PORT. */
export function portNumber(value: string | undefined): number | undefined {
  if (!value) return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new LaunchError(`the port must be a whole number from 0 to 65535 (seen: ${value})`);
}
