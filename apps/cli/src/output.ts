import { once } from 'node:events';

/** What every command takes. */
export interface Global {
  readonly url: string;
  readonly json?: boolean;
}

/** Writes to standard output, as fast as whoever reads it. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

export const printLine = (text: string): Promise<void> => print(`${text}\n`);

/** Says something beside the result. */
export const say = (text: string): boolean => process.stderr.write(`${text}\n`);

/** Thousands apart, digit for digit. */
export const grouped = (decimal: string): string =>
  decimal.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
