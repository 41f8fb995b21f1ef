/** Members with scores, ordered by score and then by bytes. Kept as a sorted array: small, and cheap up to some ten thousand members. */
export class SortedSet {
  readonly #scores = new Map<string, number>();
  readonly #ordered: [member: string, score: number][] = [];

  get size(): number {
    return this.#scores.size;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  /** All members, lowest first. Not to be changed by the caller, nor kept over a change. */
  ordered(): readonly [member: string, score: number][] {
    return this.#ordered;
  }

  /** Position from the lowest, or undefined when absent. */
  rank(member: string): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#position(member, score);
  }

  set(member: string, score: number): void {
    this.delete(member);
    this.#ordered.splice(this.#position(member, score), 0, [member, score]);
    this.#scores.set(member, score);
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#ordered.splice(this.#position(member, score), 1);
    return this.#scores.delete(member);
  }

  /** Where this pair is, or would be inserted. */
  #position(member: string, score: number): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [otherMember, otherScore] = this.#ordered[middle] ?? ['', Infinity];
      const before = otherScore < score || (otherScore === score && otherMember < member);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
