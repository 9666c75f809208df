import { LRUCache } from 'lru-cache';
import { familyOf, keyOf, type Question } from './question';
import type { Whole } from './whole';

/** What of whole answers is kept in memory, as text, unless somebody says otherwise. A larger answer is worked out anew for every page. */
export const STANDARD_KEPT_BYTES = 256 * 1024 * 1024;
/** About what an answer, and each of its rows, costs beside its text. */
const ANSWER_BYTES = 2_000;
const ROW_BYTES = 64;
/** Answers to one question at so many positions are kept: for who goes with the ledger, and for who pages at one position. */
const MAX_OF_FAMILY = 3;

interface Place {
  readonly key: string;
  readonly position: number;
  readonly whole: Whole;
  readonly family: string | undefined;
  isWanted: boolean;
}

/** A kept answer to the same question at another position. */
export interface Base {
  readonly position: number;
  readonly whole: Whole;
  /** Whether this very answer is likely to be asked for again. */
  readonly isWanted: boolean;
}

/** Answers in memory: those used last, as many as there is room for. */
export class Kept {
  private readonly places: LRUCache<string, Place>;
  /** Of each family its answers by position, the one used last at the end. */
  private readonly families = new Map<string, Map<number, Place>>();

  constructor(maxBytes: number) {
    this.places = new LRUCache<string, Place>({
      maxSize: maxBytes,
      sizeCalculation: ({ whole }) => bytesOf(whole),
      dispose: (place) => this.forget(place),
    });
  }

  /** The answer, which is wanted from now on: who asks twice goes through its pages. */
  get(question: Question): Whole | undefined {
    const place = this.places.get(keyOf(question));
    if (place === undefined) return undefined;
    place.isWanted = true;
    this.remember(place);
    return place.whole;
  }

  /** The answer to the same question whose position is nearest. */
  nearest(question: Question): Base | undefined {
    let nearest: Base | undefined;
    const distance = ({ position }: Base): number => Math.abs(position - question.position);
    for (const place of this.families.get(familyOf(question) ?? '')?.values() ?? [])
      if (nearest === undefined || distance(place) < distance(nearest)) nearest = place;
    return nearest;
  }

  keep(question: Question, whole: Whole, isWanted = false): void {
    const key = keyOf(question);
    const place = { key, position: question.position, whole, family: familyOf(question), isWanted };
    this.places.set(key, place);
    // One that is too large is not.
    if (this.places.peek(key) === place) this.remember(place);
  }

  /** Drops an answer, unless there is another one by now. */
  drop(question: Question, { position, whole }: Base): void {
    const key = keyOf({ ...question, position });
    if (this.places.peek(key)?.whole === whole) this.places.delete(key);
  }

  private remember(place: Place): void {
    if (place.family === undefined) return;
    const family = this.families.get(place.family) ?? new Map<number, Place>();
    this.families.set(place.family, family);
    family.delete(place.position);
    family.set(place.position, place);
    const [oldest] = family.values();
    if (oldest !== undefined && family.size > MAX_OF_FAMILY) this.places.delete(oldest.key);
  }

  private forget(place: Place): void {
    if (place.family === undefined) return;
    const family = this.families.get(place.family);
    if (family?.get(place.position) !== place) return;
    family.delete(place.position);
    if (family.size === 0) this.families.delete(place.family);
  }
}

function bytesOf({ lines, keys, seams }: Whole): number {
  let bytes = ANSWER_BYTES + lines.length * ROW_BYTES;
  for (const texts of [lines, keys, seams?.besides ?? []]) for (const text of texts) bytes += text.length;
  for (const [group, parts] of seams?.added ?? []) bytes += ROW_BYTES + group.length + parts.length;
  return bytes;
}
