import type { FactKind } from './port.ts';

/** A fact as a language's rules find it in one clause, before it gets its sources. */
export interface Draft {
  text: string;
  kind: FactKind;
  confidence: number;
  /** What the user is after, for the insights. */
  goal: boolean;
  /** Stressed by the user: `always`, `never`, `please remember`. */
  emphasised: boolean;
}
