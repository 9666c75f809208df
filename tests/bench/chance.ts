/** Numbers that look random and are the same for the same seed, on every machine. */
export class Chance {
  constructor(private state: number) {}

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Whether something happens that happens so many times in a hundred. */
  percent(often: number): boolean {
    return this.below(100) < often;
  }

  oneOf<One>(list: readonly One[]): One {
    return list[this.below(list.length)] as One;
  }

  /** One of a list whose first ones come up far more often than its last. */
  oftenFirst<One>(list: readonly One[]): One {
    return list[Math.min(this.below(list.length), this.below(list.length), this.below(list.length))] as One;
  }
}
