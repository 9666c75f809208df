import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { EXIT, Failure } from './failure';

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

/** Writes a file that is not there yet: evidence is never overwritten. @throws Failure */
export function keep(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? `${file} exists` : `${file} cannot be written: ${message}`;
    throw new Failure(EXIT.usage, `${why}. Name another with --out.`);
  }
}
