import { estimateTokens } from './tokens.ts';

/** A text as it is embedded: what of it the model reads, where it stood, and about how many tokens it has. */
export interface EmbedInput {
  text: string;
  at: number;
  tokens: number;
}

/**
 * Estimated tokens of one input. Embedding models read 8,191 tokens, of an older vocabulary than the one estimated here, in which
 * Chinese and Japanese take up to 1.5 times as many.
 */
const INPUT_TOKENS = 5_000;
const BATCH_INPUTS = 2_048; // documented bound of one request
const BATCH_TOKENS = 150_000; // the documented bound is 300,000 in all

/** The beginning of a text that has at most so many estimated tokens; it never ends in half a character. */
export function cutToTokens(text: string, limit: number): { text: string; tokens: number } {
  let cut = text;
  let tokens = estimateTokens(cut);
  while (tokens > limit) {
    const length = Math.floor(cut.length * Math.min(0.95, limit / tokens));
    cut = cut
      .slice(0, length)
      .toWellFormed()
      .replace(/\ufffd$/, '');
    tokens = estimateTokens(cut);
  }
  return { text: cut, tokens };
}

/** Texts in requests that a server takes. Those without a word are left out. */
export function embedBatches(texts: string[]): EmbedInput[][] {
  const batches: EmbedInput[][] = [];
  let sum = 0;
  for (const [at, text] of texts.entries()) {
    if (text.trim() === '') continue;
    const input = { at, ...cutToTokens(text, INPUT_TOKENS) };
    const last = batches.at(-1);
    if (last === undefined || last.length >= BATCH_INPUTS || sum + input.tokens > BATCH_TOKENS) {
      batches.push([input]);
      sum = input.tokens;
    } else {
      last.push(input);
      sum += input.tokens;
    }
  }
  return batches;
}
