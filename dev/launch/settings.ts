import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';

export type Settings = Record<string, string>;

/** What is configured elsewhere and therefore not started here. */
export interface Elsewhere {
  cosmos: boolean;
  redis: boolean;
  /** The host's storage with its queues; blobs too unless they have an account of their own. */
  storage: boolean;
  blob: boolean;
}

const DEVELOPMENT_STORAGE = 'UseDevelopmentStorage=true'; // asks for an emulator: ours

/** `Values` of a settings file of the Functions tools; empty when there is no such file. */
export function readSettingsFile(file: string): Settings {
  if (!existsSync(file)) return {};
  const { Values = {} } = parse(readFileSync(file, 'utf8'), [], { allowTrailingComma: true }) ?? {};
  return Object.fromEntries(Object.entries(Values).map(([name, value]) => [name, String(value)]));
}

/**
 * The settings a person has chosen: the environment, then local.settings.json. A value of that file does not count where
 * it is the one in the example it was copied from, or the one that `npm run services -- --write` put there (`written`).
 */
export function chosenSettings(root: string, { env, written = {} }: { env: NodeJS.ProcessEnv; written?: Settings }): Settings {
  const example = readSettingsFile(join(root, 'local.settings.example.json'));
  const chosen: Settings = {};
  for (const [name, value] of Object.entries(readSettingsFile(join(root, 'local.settings.json')))) {
    if (value !== example[name] && value !== written[name]) chosen[name] = value;
  }
  for (const [name, value] of Object.entries(env)) if (value) chosen[name] = value;
  return chosen;
}

/** Which tiers the chosen settings put somewhere else. */
export function configuredElsewhere(chosen: Settings): Elsewhere {
  const isSet = (name: string) => chosen[name] !== undefined && chosen[name].trim() !== '' && chosen[name] !== DEVELOPMENT_STORAGE;
  const storage = ['AzureWebJobsStorage', ...Object.keys(chosen).filter((name) => name.startsWith('AzureWebJobsStorage__'))];
  return {
    cosmos: ['COSMOS_ENDPOINT', 'COSMOS_ACCOUNT_URI'].some(isSet),
    redis: ['REDIS_URL', 'REDIS_HOST'].some(isSet),
    storage: storage.some(isSet),
    blob: ['BLOB_ACCOUNT_URL', 'BLOB_CONNECTION_STRING'].some(isSet),
  };
}

const MODELS = [
  ['AZURE_OPENAI_ENDPOINT', 'Azure OpenAI'],
  ['OPENAI_BASE_URL', 'an OpenAI-compatible server'],
  ['OPENAI_API_KEY', 'OpenAI'],
] as const;

/** The model the app will use, in words. */
export function modelName(chosen: Settings): string {
  const configured = MODELS.find(([name]) => chosen[name]);
  if (!configured || chosen.MODEL_PROVIDER === 'local')
    return 'local (built in, no key; set AZURE_OPENAI_ENDPOINT or OPENAI_API_KEY for a real one)';
  const [name, words] = configured;
  return name === 'OPENAI_API_KEY' ? words : `${words}, ${chosen[name]}`;
}
