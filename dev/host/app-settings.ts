import { z } from 'zod';
import { readJsonFile } from './json-file.ts';

type Environment = Record<string, string | undefined>;

const LocalSettings = z.object({
  IsEncrypted: z.literal(false).optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

const DEVELOPMENT_STORAGE = [
  'DefaultEndpointsProtocol=http',
  'AccountName=devstoreaccount1',
  'AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  'BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1',
  'QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1',
].join(';');

/** Puts the values of local.settings.json into `env`. A name that is already defined keeps its value; those names are returned. */
export function applyLocalSettings(root: string, env: Environment): string[] {
  const parsed = LocalSettings.safeParse(readJsonFile(root, 'local.settings.json') ?? {});
  if (!parsed.success) throw new Error(`local.settings.json: ${z.prettifyError(parsed.error)}`);
  const skipped: string[] = [];
  for (const [name, value] of Object.entries(parsed.data.Values)) {
    if (env[name] !== undefined) skipped.push(name);
    else env[name] = String(value);
  }
  return skipped;
}

/** Replaces each `%NAME%` by the app setting of that name. Throws when there is none. */
export function resolveSettingNames(text: string, env: Environment): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`'%${name}%' does not resolve to a value.`);
    return value;
  });
}

/** The connection string behind a binding's `connection`, by default AzureWebJobsStorage. Throws when it is not set. */
export function storageConnection(name: string | undefined, env: Environment): string {
  const setting = name || 'AzureWebJobsStorage';
  const value = env[`AzureWebJobs${setting}`] ?? env[setting];
  if (!value) throw new Error(`the storage connection '${setting}' is not set (identity-based connections are not supported here)`);
  return value === 'UseDevelopmentStorage=true' ? DEVELOPMENT_STORAGE : value;
}
