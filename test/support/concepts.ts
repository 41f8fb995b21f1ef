import type { FakeAnswer, FakeRequest } from './fake-openai.ts';

/** Words that mean one thing to the fake embeddings server: each line is a direction. */
const CONCEPTS = [/dentist|tooth|teeth|molar/i, /sailing|boat|lake/i, /piano|keyboard instrument/i, /berlin|capital/i];

/** The known vector of a text: the sum of what it is about; else a direction of its own by its length. */
export function conceptVector(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  let about = 0;
  for (const [n, words] of CONCEPTS.entries()) {
    if (!words.test(text)) continue;
    vector[n] = 1;
    about += 1;
  }
  if (about === 0) vector[CONCEPTS.length + (text.length % (dimensions - CONCEPTS.length))] = 1;
  return vector;
}

/** The answer of a server whose own vectors have 256 dimensions. */
export function vectorsFor({ body }: FakeRequest): Extract<FakeAnswer, { kind: 'vectors' }> {
  return { kind: 'vectors', vectors: (body.input ?? []).map((text) => conceptVector(text, body.dimensions ?? 256)) };
}
