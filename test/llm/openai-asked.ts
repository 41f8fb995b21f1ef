import { expect } from 'vitest';
import { createOpenAIModel } from '../../src/lib/llm/openai.ts';
import type { OpenAIModelSettings } from '../../src/lib/llm/openai-client.ts';
import { type Model, ModelError, type ReflectInput } from '../../src/lib/llm/port.ts';

const AT = '2026-11-20T10:00:00.000Z';
export const SECRET = 'sk-very-secret';
export const PRIVATE = 'my diary says Xanadu';

export const input: ReflectInput = {
  previous_summary: '',
  known_facts: [],
  messages: [
    { seq: 1, role: 'user', content: `I prefer window seats, ${PRIVATE}.`, created_at: AT },
    { seq: 2, role: 'assistant', content: 'You could try the night train.', created_at: AT },
  ],
};
export const good = {
  summary: 'The user prefers window seats.',
  topics: ['travel'],
  facts: [{ text: 'User prefers window seats.', kind: 'preference', topics: ['seats'], confidence: 0.9, source_seqs: [1] }],
  insights: [{ text: 'User values the view.', source_seqs: [1] }],
};

/** The model at a server, without retries of its own unless set. */
export function modelAt(baseUrl: string, settings: Partial<OpenAIModelSettings> = {}): Model {
  const prices = { inputPerMillion: 2, outputPerMillion: 10 };
  return createOpenAIModel({
    baseUrl,
    apiKey: SECRET,
    model: 'gpt-test',
    timeoutMs: 5_000,
    maxRetries: 0,
    prices,
    now: Date.now,
    ...settings,
  });
}

/** The ModelError that a call ends with; it says neither what the user told nor the key. */
export async function failure(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  const told = `${(error as ModelError).message} ${(error as ModelError).stack} ${JSON.stringify(error)}`;
  expect(told).not.toContain('Xanadu');
  expect(told).not.toContain(SECRET);
  return error as ModelError;
}
