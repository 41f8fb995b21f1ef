import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/lib/config.ts';

const development = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
const read = (settings: Record<string, string>) => loadConfig({ ...development, ...settings }).embedding;

describe('the embedding model', () => {
  test('is off by default, also beside a chat model', () => {
    expect(read({})).toBeUndefined();
    expect(read({ OPENAI_API_KEY: 'sk-chat' })).toBeUndefined();
  });

  test('is asked where the chat model is, with its key', () => {
    const embedding = read({
      OPENAI_BASE_URL: 'http://localhost:1/v1',
      OPENAI_API_KEY: 'sk-chat',
      EMBEDDING_MODEL: 'small',
      EMBEDDING_DIMENSIONS: '512',
    });
    expect(embedding).toMatchObject({
      baseUrl: 'http://localhost:1/v1',
      apiKey: 'sk-chat',
      model: { name: 'small', dimensions: 512 },
      waitMs: 1500,
    });
    expect(JSON.stringify(embedding)).not.toContain('sk-chat');
  });

  test('is asked with managed identity at an Azure resource without a key', () => {
    const azure = { AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com', EMBEDDING_MODEL: 'small' };
    expect(read(azure)).toMatchObject({ baseUrl: 'https://mine.openai.azure.com/openai/v1/', scope: 'https://ai.azure.com/.default' });
    expect(read({ ...azure, AZURE_OPENAI_API_KEY: 'k' })).not.toHaveProperty('scope');
    const other = { ...azure, EMBEDDING_BASE_URL: 'https://other.openai.azure.com/openai/v1/' };
    expect(read(other)).toMatchObject({ baseUrl: other.EMBEDDING_BASE_URL, scope: 'https://ai.azure.com/.default' });
  });

  test('at another server never gets the key of the chat model', () => {
    const other = { OPENAI_API_KEY: 'sk-chat', EMBEDDING_MODEL: 'small', EMBEDDING_BASE_URL: 'http://localhost:9/v1' };
    expect(read(other)?.apiKey).toBeUndefined();
    expect(read({ ...other, EMBEDDING_API_KEY: 'sk-embed' })?.apiKey).toBe('sk-embed');
  });

  test.each([
    ['beside the local model without a server', { EMBEDDING_MODEL: 'small' }, /EMBEDDING_BASE_URL: is needed/],
    [
      'with a key over plain http',
      { EMBEDDING_MODEL: 'small', EMBEDDING_BASE_URL: 'http://far.example/v1', EMBEDDING_API_KEY: 'sk-embed' },
      /https/,
    ],
    [
      'with a length that has no path',
      { EMBEDDING_MODEL: 'small', EMBEDDING_BASE_URL: 'http://localhost:9/v1', EMBEDDING_DIMENSIONS: '1000' },
      /one of 256/,
    ],
  ])('is refused %s', (_, settings, message) => {
    expect(() => read(settings)).toThrow(message);
  });
});
