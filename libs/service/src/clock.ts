import { readFileSync } from 'node:fs';

/** Where the time comes from; nobody else asks the machine for it. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 of an RFC 3339 instant, or undefined when it is none. */
export function instantMs(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The clock that a test sets: `value` is an instant, or the path of a file that holds one. The file
 * is read at every look, so that whoever advances it is believed at once.
 */
export function testClock(value: string): Clock {
  const fixedMs = instantMs(value);
  return fixedMs === undefined ? fileClock(value) : { nowMs: () => fixedMs };
}

/** The machine's time, or the one that `LEDGER_CLOCK` gives. */
export function clockOf(settings: { readonly LEDGER_CLOCK?: string | undefined }): Clock {
  return settings.LEDGER_CLOCK === undefined ? systemClock : testClock(settings.LEDGER_CLOCK);
}

function fileClock(path: string): Clock {
  const read = (): string => readFileSync(path, 'utf8').trim();
  let text = read();
  let ms = msOf(text);

  function msOf(content: string): number {
    const value = instantMs(content);
    if (value === undefined) throw new Error(`the clock file ${path} holds ${JSON.stringify(content)}, not an instant`);
    return value;
  }

  return {
    nowMs() {
      const current = read();
      // A file that is being rewritten is empty for a moment.
      if (current !== text && current !== '') {
        ms = msOf(current);
        text = current;
      }
      return ms;
    },
  };
}
