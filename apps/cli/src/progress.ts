import { Presets, SingleBar } from 'cli-progress';

const EVERY_MS = 200;

/** How far a long work is. */
export interface Progress {
  reached(value: number): void;
  stop(): void;
}

const SILENT: Progress = { reached: () => undefined, stop: () => undefined };

/** A line on standard error that says how far the work is, where somebody looks at it. */
export function progressOf(what: string, total: number, unit: string): Progress {
  if (!process.stderr.isTTY) return SILENT;
  const bar = new SingleBar(
    {
      format: `${what} [{bar}] {percentage} %, {value}/{total} ${unit}, {duration_formatted}`,
      stream: process.stderr,
      fps: 1_000 / EVERY_MS,
      hideCursor: null,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { reached: (value) => bar.update(value), stop: () => bar.stop() };
}
