import { scaleOf, type Decimal } from '@deal-ledger/domain';
import { fromMinorUnits, minorUnits } from './decimal';
import type { Row } from './report';

/** A figure under a table. It is made of parts, to which rows can be added and from which they can be taken. */
export interface Total {
  /** The parts that the row is in, and what it adds to each. */
  of(row: Row): readonly (readonly [part: string, adds: Decimal])[];
  /** What is shown of the parts that any row is in. */
  shown(parts: ReadonlyMap<string, Part>): unknown;
}

/** What is under a report's rows, by name. */
export type Totals = Readonly<Record<string, Total>>;

/** So many rows are in it, and add up to that. */
export interface Part {
  readonly rows: number;
  readonly sum: Decimal;
}

/** A part as it is held: a whole number of the smallest unit that any of its rows had. */
interface Held {
  rows: number;
  minor: bigint;
  scale: number;
}

/** The totals of rows that come and go; exact, in whatever order they do. */
export class Tally {
  private readonly held: Map<string, Map<string, Held>>;

  private constructor(
    private readonly totals: Totals,
    held?: ReadonlyMap<string, ReadonlyMap<string, Held>>,
  ) {
    this.held = new Map(
      Object.keys(totals).map((name) => [
        name,
        new Map([...(held?.get(name) ?? [])].map(([part, each]) => [part, { ...each }])),
      ]),
    );
  }

  static over(totals: Totals, rows: Iterable<Row>): Tally {
    const tally = new Tally(totals);
    for (const row of rows) tally.add(row);
    return tally;
  }

  /** Another one, that goes its own way from here. */
  copy(): Tally {
    return new Tally(this.totals, this.held);
  }

  add(row: Row): void {
    this.count(row, 1);
  }

  /** Takes away a row that was added. */
  remove(row: Row): void {
    this.count(row, -1);
  }

  shown(): object {
    return Object.fromEntries(
      Object.entries(this.totals).map(([name, total]) => {
        const parts = [...(this.held.get(name) ?? [])];
        return [
          name,
          total.shown(
            new Map(parts.map(([part, { rows, minor, scale }]) => [part, { rows, sum: fromMinorUnits(minor, scale) }])),
          ),
        ];
      }),
    );
  }

  private count(row: Row, times: 1 | -1): void {
    for (const [name, parts] of this.held) {
      for (const [part, adds] of this.totals[name]?.of(row) ?? []) {
        const held = parts.get(part) ?? { rows: 0, minor: 0n, scale: 0 };
        const scale = scaleOf(adds);
        if (scale > held.scale) {
          held.minor *= 10n ** BigInt(scale - held.scale);
          held.scale = scale;
        }
        held.minor += BigInt(times) * minorUnits(adds, held.scale);
        held.rows += times;
        if (held.rows === 0) parts.delete(part);
        else parts.set(part, held);
      }
    }
  }
}
