import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { EXIT, Failure } from './failure';

/** The file of this name, or standard input. */
export function inputOf(file: string | undefined): Readable {
  if (file !== undefined && file !== '-') return createReadStream(file);
  if (process.stdin.isTTY)
    throw new Failure(EXIT.usage, 'there is nothing to read. Name a file, or pipe it to standard input.');
  return process.stdin;
}

export const unreadable = (file: string | undefined, error: unknown): Failure =>
  new Failure(EXIT.usage, `${file ?? 'standard input'} cannot be read: ${(error as Error).message}`);
