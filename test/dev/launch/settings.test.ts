import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chosenSettings, configuredElsewhere, modelName } from '../../../dev/launch/settings.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const NOWHERE = { cosmos: false, redis: false, storage: false, blob: false };

function repository(files: Record<string, object>): string {
  const root = temporaryDirectory();
  for (const [name, Values] of Object.entries(files)) writeFileSync(join(root, name), `// comment\n${JSON.stringify({ Values })}`);
  return root;
}

test('the environment wins over local.settings.json, and an empty value says nothing', () => {
  const root = repository({ 'local.settings.json': { A: 'file', B: 'file', C: 'file' } });
  expect(chosenSettings(root, { env: { A: 'environment', B: '' } })).toEqual({ A: 'environment', B: 'file', C: 'file' });
});

test('values left as in the example, or written by "npm run services", choose nothing', () => {
  const root = repository({
    'local.settings.example.json': { REDIS_HOST: 'localhost', K_TURN_BUFFER: 5 },
    'local.settings.json': { REDIS_HOST: 'localhost', K_TURN_BUFFER: 7, COSMOS_ENDPOINT: 'http://127.0.0.1:8081' },
  });
  const written = { COSMOS_ENDPOINT: 'http://127.0.0.1:8081' };
  expect(chosenSettings(root, { env: {}, written })).toEqual({ K_TURN_BUFFER: '7' });
  expect(chosenSettings(root, { env: { REDIS_HOST: 'localhost' }, written })).toMatchObject({ REDIS_HOST: 'localhost' });
});

test.each([
  [{}, NOWHERE],
  [{ REDIS_URL: 'redis://cache' }, { ...NOWHERE, redis: true }],
  [{ REDIS_HOST: 'cache' }, { ...NOWHERE, redis: true }],
  [{ COSMOS_ENDPOINT: 'https://account' }, { ...NOWHERE, cosmos: true }],
  [{ COSMOS_ACCOUNT_URI: 'https://account' }, { ...NOWHERE, cosmos: true }],
  [{ AzureWebJobsStorage: 'UseDevelopmentStorage=true' }, NOWHERE],
  [{ AzureWebJobsStorage: 'AccountName=mine' }, { ...NOWHERE, storage: true }],
  [{ AzureWebJobsStorage__queueServiceUri: 'https://queues' }, { ...NOWHERE, storage: true }],
  [{ BLOB_ACCOUNT_URL: 'https://blobs' }, { ...NOWHERE, blob: true }],
  [{ BLOB_CONNECTION_STRING: 'AccountName=mine' }, { ...NOWHERE, blob: true }],
])('%j needs stand-ins for what it does not name', (chosen, elsewhere) => {
  expect(configuredElsewhere(chosen as Record<string, string>)).toEqual(elsewhere);
});

test.each([
  [{}, 'local'],
  [{ AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com' }, 'Azure OpenAI, https://mine.openai.azure.com'],
  [{ OPENAI_BASE_URL: 'http://localhost:11434/v1' }, 'an OpenAI-compatible server, http://localhost:11434/v1'],
  [{ OPENAI_API_KEY: 'sk-secret' }, 'OpenAI'],
  [{ OPENAI_API_KEY: 'sk-secret', MODEL_PROVIDER: 'local' }, 'local'],
])('%j names its model and never a key', (chosen, name) => {
  const words = modelName(chosen as Record<string, string>);
  expect(words).toContain(name);
  expect(words).not.toContain('sk-secret');
});
