import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface HostArguments {
  root: string;
  /** 0 takes a free port. */
  port: number;
  isQuiet: boolean;
  isVerbose: boolean;
  isAuthEnabled: boolean;
}

export const USAGE = `usage: node dev/host/main.ts [--root DIR] [--port N] [--quiet] [--verbose] [--enableAuth]

  --root DIR     the function app: host.json, package.json, local.settings.json (default: here)
  --port N       the port on 127.0.0.1, 0 for a free one (default: 7071)
  --quiet        warnings and errors only
  --verbose      every invocation and the library's details
  --enableAuth   ask for function keys, as Azure does`;

/** Throws with the reason on an unknown option or a bad port. */
export function parseArguments(args: string[]): HostArguments & { isHelp: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      root: { type: 'string', default: '.' },
      port: { type: 'string', default: '7071' },
      quiet: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      enableAuth: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port: '${values.port}' is not a port number`);
  return {
    root: resolve(values.root),
    port,
    isQuiet: values.quiet,
    isVerbose: values.verbose,
    isAuthEnabled: values.enableAuth,
    isHelp: values.help,
  };
}
