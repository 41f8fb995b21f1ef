import type { BuiltIn } from './text-functions.ts';
import { isObject, type Value } from './values.ts';

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** True when every word of the phrase is in the text; order and distance are not looked at. */
function hasPhrase(words: ReadonlySet<string>, phrase: string): boolean {
  return wordsOf(phrase).every((word) => words.has(word));
}

const fullText =
  (decide: (found: boolean[]) => boolean): BuiltIn =>
  (text, ...phrases) => {
    if (typeof text !== 'string' || !phrases.every((phrase) => typeof phrase === 'string')) return undefined;
    const words = new Set(wordsOf(text));
    return decide(phrases.map((phrase) => hasPhrase(words, phrase)));
  };

/** Full-text predicates by whole words, without stemming or stopwords. */
export const fullTextFunctions: Record<string, BuiltIn> = {
  FULLTEXTCONTAINS: fullText((found) => found.every(Boolean)),
  FULLTEXTCONTAINSALL: fullText((found) => found.every(Boolean)),
  FULLTEXTCONTAINSANY: fullText((found) => found.some(Boolean)),
};

const isVector = (value: Value): value is number[] => Array.isArray(value) && value.every((item) => typeof item === 'number');

function dot(left: number[], right: number[]): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0);
  return sum;
}

function euclidean(left: number[], right: number[]): number {
  return Math.hypot(...left.map((value, index) => value - (right[index] ?? 0)));
}

/** Similarity of two vectors by the options that `settleDistances` wrote; undefined when one is none, or of other dimensions. */
export const vectorDistance: BuiltIn = (...args) => {
  const [left, right, , options] = args;
  if (!isVector(left) || !isVector(right) || left.length !== right.length) return undefined;
  const { distanceFunction, dimensions = left.length } = isObject(options) ? options : {};
  if (left.length !== dimensions) return undefined;
  if (distanceFunction === 'euclidean') return euclidean(left, right);
  if (distanceFunction === 'dotproduct') return dot(left, right);
  const norms = Math.sqrt(dot(left, left) * dot(right, right));
  return norms === 0 ? 0 : dot(left, right) / norms;
};
