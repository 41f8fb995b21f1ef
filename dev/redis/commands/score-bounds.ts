import { parseFloat64 } from '../numbers.ts';
import { Failure } from '../reply.ts';

interface Bound {
  score: number;
  exclusive: boolean;
}
export interface ScoreBounds {
  min: Bound;
  max: Bound;
}

/** Reads `1.5`, `(1.5`, `-inf`, `+inf`; throws when one is no number. */
export function scoreBounds(min: string, max: string): ScoreBounds {
  return { min: bound(min), max: bound(max) };
}

export function inBounds(score: number, { min, max }: ScoreBounds): boolean {
  const aboveMin = min.exclusive ? score > min.score : score >= min.score;
  const belowMax = max.exclusive ? score < max.score : score <= max.score;
  return aboveMin && belowMax;
}

function bound(text: string): Bound {
  const exclusive = text.startsWith('(');
  try {
    return { score: parseFloat64(exclusive ? text.slice(1) : text), exclusive };
  } catch {
    throw new Failure('ERR min or max is not a float');
  }
}
