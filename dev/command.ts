import { join } from 'node:path';
import { ConfigError } from '../src/lib/config/error.ts';
import { type Config, loadConfig } from '../src/lib/config.ts';
import { readSettingsFile } from './launch/settings.ts';

/** A command line that was not understood; the help follows its message. */
export class UsageError extends Error {}

/** Runs a command that works on the app's stores: exit code 2 and the help when it was not understood, 1 and one line when it failed. */
export async function runCommand(help: string, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    if (error instanceof UsageError) console.error(`${line}\n\n${help}`);
    else console.error(error instanceof ConfigError ? error.message : line);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** The settings of the app as a Functions host would hand them to it; `over` comes last. */
export function appSettings({ under = {}, over = {} }: { under?: Record<string, string>; over?: Record<string, string> } = {}): Config {
  const file = readSettingsFile(join(process.cwd(), 'local.settings.json'));
  const chosen = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value));
  return loadConfig({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', ...under, ...file, ...chosen, ...over });
}
