import { times, type Decimal } from './decimal';

/** What a unit counts. Quantities of different dimensions are never added, compared or divided. */
export type Dimension = 'chip' | 'wafer' | 'stack' | 'system' | 'licence' | 'power' | 'energy';

export interface Unit {
  readonly code: string;
  readonly name: string;
  readonly dimension: Dimension;
  /** How many of the dimension's base unit one of these is. */
  readonly factor: Decimal;
}

/** The registry of units. An Arabic or Korean word may mean several of them; the ledger never guesses. */
export const UNITS = [
  { code: 'EA', name: 'chip or piece', dimension: 'chip', factor: '1' },
  { code: 'WFR', name: 'wafer', dimension: 'wafer', factor: '1' },
  { code: 'STK', name: 'HBM stack', dimension: 'stack', factor: '1' },
  { code: 'SYS', name: 'system or rack', dimension: 'system', factor: '1' },
  { code: 'LIC', name: 'licence', dimension: 'licence', factor: '1' },
  { code: 'MW', name: 'megawatt', dimension: 'power', factor: '1' },
  { code: 'GW', name: 'gigawatt', dimension: 'power', factor: '1000' },
  { code: 'MWH', name: 'megawatt-hour', dimension: 'energy', factor: '1' },
] as const satisfies readonly Unit[];

const BY_CODE: ReadonlyMap<string, Unit> = new Map(UNITS.map((unit) => [unit.code, unit]));

/** The unit with this code, or nothing if it is not in the registry. */
export function unitOf(code: string): Unit | undefined {
  return BY_CODE.get(code);
}

/** Whether quantities in these two units may be compared and added: megawatts and gigawatts may. */
export function countTheSame(a: string, b: string): boolean {
  const [one, other] = [unitOf(a), unitOf(b)];
  return one !== undefined && one.dimension === other?.dimension;
}

/** A quantity in the base unit of what it counts: 2 GW are 2000 (MW). */
export function inBaseUnits({ unit, value }: { readonly unit: string; readonly value: Decimal }): Decimal {
  return times(value, Number(unitOf(unit)?.factor ?? '1'));
}
