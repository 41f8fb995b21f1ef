import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type HostOptions, type RunningHost, startHost } from '../../../dev/host/start.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const NODE_MODULES = join(import.meta.dirname, '../../../node_modules');

interface AppFiles {
  /** CommonJS with `app` of @azure/functions in scope. */
  code: string;
  hostJson?: object;
  localSettings?: Record<string, string>;
}

/** A function app in a directory that goes away with the test. */
export function temporaryApp({ code, hostJson = {}, localSettings }: AppFiles): string {
  const root = temporaryDirectory();
  symlinkSync(NODE_MODULES, join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ main: '*.cjs' }));
  writeFileSync(join(root, 'host.json'), JSON.stringify({ version: '2.0', ...hostJson }));
  writeFileSync(join(root, 'app.cjs'), `const { app } = require('@azure/functions');\n${code}`);
  if (localSettings) writeFileSync(join(root, 'local.settings.json'), JSON.stringify({ Values: localSettings }));
  return root;
}

export interface TemporaryHost extends RunningHost {
  root: string;
  /** What the host and the app have printed. */
  lines: string[];
}

/** The app on a development host that ends with the test. */
export async function startApp({ code, hostJson, localSettings, ...options }: AppFiles & Partial<HostOptions>): Promise<TemporaryHost> {
  const root = options.root ?? temporaryApp({ code, hostJson, localSettings });
  const lines: string[] = [];
  const host = await startHost({ ...options, root, onLine: (line) => lines.push(line) });
  onTestFinished(() => host.kill());
  return { ...host, root, lines };
}
