const SYLLABLES = ['ba', 'ke', 'li', 'mo', 'nu', 'pra', 'sti', 'tor', 'ven', 'zel', 'gra', 'hin', 'dor', 'cha', 'wim', 'fes'];
const JOINTS = ['and', 'the', 'with', 'for', 'when', 'I', 'my', 'in', 'of', 'was'];
const WORDS = 4000;

/** Sentences in words that are distributed as in a language (Zipf), the same for the same seed. */
export function createTalker(seed: number) {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' linear congruential generator
    return state / 2 ** 32;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const vocabulary = Array.from({ length: WORDS }, () =>
    Array.from({ length: 2 + Math.floor(random() * 2) }, () => pick(SYLLABLES)).join(''),
  );
  const word = (): string => vocabulary[Math.floor(WORDS ** random()) - 1] as string;
  const words = (count: number): string => Array.from({ length: count }, (_, i) => (i % 2 === 0 ? word() : pick(JOINTS))).join(' ');

  return {
    sentence: () => `I ${words(12 + Math.floor(random() * 24))}.`,
    question: () => `What did I say of ${words(7)}?`,
  };
}
