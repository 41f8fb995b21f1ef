import { createHash } from 'node:crypto';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import { createByteCounter, type Pause, type Ranks } from './byte-pairs.ts';
import { estimateTokens } from './tokens.ts';

const PIECE_CHARACTERS = 512;
const SLICE_MS = 10; // of work before others may run
const CACHE_BYTES = 2_000_000;
const ENTRY_BYTES = 160; // a hash, a number and their place in a map

export interface TokenCounts {
  counts: number[];
  method: 'o200k_base' | 'estimate';
}
interface Options {
  load?: () => Promise<Ranks>;
  /** Told why the vocabulary could not be loaded. */
  onFallback?: (error: unknown) => void;
}

const loadRanks = async (): Promise<Ranks> => (await import('js-tiktoken/ranks/o200k_base')).default;

/**
 * Counts tokens of o200k_base exactly. The vocabulary (40 MB, about half a second) is loaded when it is first needed; when it cannot
 * be, the counts are estimates and say so, and the next call tries again. No text holds the process up: others run every 10 ms.
 */
export function createTokenCounter({ load = loadRanks, onFallback = () => {} }: Options = {}) {
  const known = createCountCache(CACHE_BYTES);
  let loading: Promise<(text: string) => number> | undefined;

  function counter(): Promise<(text: string) => number> {
    loading ??= load()
      .then((ranks) => createByteCounter(ranks, createPause()))
      .catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
    return loading;
  }

  return {
    /** Tokens of each text, all by the same method. */
    async count(texts: string[]): Promise<TokenCounts> {
      let tokensIn: (text: string) => number;
      try {
        tokensIn = await counter();
      } catch (error) {
        onFallback(error);
        return { counts: texts.map(estimateTokens), method: 'estimate' };
      }
      const pause = createPause();
      const counts: number[] = [];
      for (const text of texts) counts.push(await known.get(text, () => sumOfPieces(text, tokensIn, pause)));
      return { counts, method: 'o200k_base' };
    },
  };
}
export type TokenCounter = ReturnType<typeof createTokenCounter>;

function createPause(): Pause {
  let until = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < until) return;
    await letOthersRun();
    until = performance.now() + SLICE_MS;
  };
}

async function sumOfPieces(text: string, tokensIn: (piece: string) => number, pause: Pause): Promise<number> {
  let sum = 0;
  for (let from = 0; from < text.length; ) {
    const to = cutAfter(text, from);
    sum += tokensIn(text.slice(from, to));
    from = to;
    await pause();
  }
  return sum;
}

const LETTER = /[\p{L}\p{M}\p{N}]/u;
const SPACE = /\s/;
const SURROGATE = /[\ud800-\udfff]/;

/** The end of the next piece: where a word ends, so that the count stays exact; anywhere in a run of letters without end. */
function cutAfter(text: string, from: number): number {
  const end = from + PIECE_CHARACTERS;
  if (end >= text.length) return text.length;
  for (let at = end; at > from; at--) if (endsWord(text, at)) return at;
  const isLowHalf = (text.charCodeAt(end) & 0xfc00) === 0xdc00;
  return isLowHalf ? end - 1 : end;
}

/** The split rule of o200k_base never joins these two: a space after what is none, or a sign (but no apostrophe) after a letter. */
function endsWord(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  const after = text.charAt(at);
  if (after === ' ') return !SPACE.test(before);
  return LETTER.test(before) && after !== "'" && !LETTER.test(after) && !SURROGATE.test(after);
}

/** The last counts by the hash of their text, as many as fit the bytes. */
function createCountCache(maxBytes: number) {
  const counts = new Map<string, number>();
  return {
    async get(text: string, make: () => Promise<number>): Promise<number> {
      const key = createHash('sha256').update(text).digest('base64url');
      const count = counts.get(key) ?? (await make());
      counts.delete(key);
      counts.set(key, count);
      const [oldest] = counts.keys();
      if (counts.size * ENTRY_BYTES > maxBytes && oldest !== undefined) counts.delete(oldest);
      return count;
    },
  };
}
