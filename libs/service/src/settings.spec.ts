import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { clockOf } from './clock';
import { SettingsError, settingsOf, settingsOrExit, type Environment, type OwnMeanings } from './settings';

describe('settings', () => {
  it('have defaults for everything that can have one', () => {
    expect(settingsOf({})).toEqual({
      PORT: 3000,
      HOST: '127.0.0.1',
      DATA_DIR: '.data',
      LEDGER_TOPIC: 'deal-ledger',
      LOG_LEVEL: 'info',
      KAFKA_FLUSH_EVERY_MESSAGE: true,
    });
  });

  it('take a list of brokers, and an empty variable for unset', () => {
    const settings = settingsOf({ KAFKA_BROKERS: 'a:9092, b:9092', DATABASE_URL: '' });
    expect([settings.KAFKA_BROKERS, settings.DATABASE_URL]).toEqual([['a:9092', 'b:9092'], undefined]);
  });

  it('take further ones of an app', () => {
    const settings = settingsOf({ DEALS_URL: 'http://deals' }, { DEALS_URL: z.string() });
    expect(settings.DEALS_URL).toBe('http://deals');
  });

  it('say all that is wrong at once, and no password', () => {
    const env = {
      PORT: '70000',
      KAFKA_BROKERS: 'kafka',
      DATABASE_URL: 'mysql://u:hunter2@db',
      LOG_LEVEL: 'loud',
      LEDGER_CLOCK: 'soon',
    };
    const read = (): unknown => settingsOf(env, { DEALS_URL: z.string() });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(
      /PORT: must be a port.*KAFKA_BROKERS: must be host:port.*DATABASE_URL: must be postgres.*LOG_LEVEL.*LEDGER_CLOCK: must be an instant.*DEALS_URL: is required.*--help/s,
    );
    expect(read).not.toThrow(/hunter2/);
  });

  it('refuse a test clock in production', () => {
    const env = { LEDGER_CLOCK: '2025-10-05T09:00:00Z', NODE_ENV: 'production' };
    expect(() => settingsOf(env)).toThrow('LEDGER_CLOCK: is for tests only');
  });
});

describe('a command line', () => {
  const run = (
    argv: string[],
    env: Environment = {},
    meanings: OwnMeanings = {},
  ): { out: string; err: string; code: number | undefined } => {
    const result: { out: string; err: string; code: number | undefined } = { out: '', err: '', code: undefined };
    const exited = new Error('exited');
    try {
      settingsOrExit('deals', undefined, meanings, {
        argv: ['node', 'main.js', ...argv],
        env,
        stdout: { write: (text) => (result.out += text) },
        stderr: { write: (text) => (result.err += text) },
        exit: (code) => {
          result.code = code;
          throw exited;
        },
      });
    } catch (error) {
      if (error !== exited) throw error;
    }
    return result;
  };

  it('prints every setting with its default for --help', () => {
    const { out, code } = run(['--help'], { PORT: 'wrong' });
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}PORT +3000 +Port to listen on/m);
    expect(out).toMatch(/^ {2}DATABASE_URL +- +postgres/m);
  });

  it('says for --help what a setting means to this service, and leaves out what it does not use', () => {
    const { out } = run(['--help'], {}, { DATABASE_URL: 'Required: of the tables.', DATA_DIR: null });
    expect(out).toMatch(/^ {2}DATABASE_URL +- +Required: of the tables\.$/m);
    expect(out).not.toMatch(/DATA_DIR|embedded/);
  });

  it('exits 2 for an argument that it does not know', () => {
    expect(run(['--port=1'])).toMatchObject({ code: 2, err: expect.stringContaining('"--port=1"') as string });
  });

  it('exits 2 with the reason for wrong settings', () => {
    expect(run([], { PORT: 'x' })).toMatchObject({ code: 2, err: expect.stringContaining('PORT: must be') as string });
  });

  it('goes on when all is well', () => {
    expect(run([])).toEqual({ out: '', err: '', code: undefined });
  });
});

describe('the clock', () => {
  it('is the machine by default', () => {
    const before = Date.now();
    expect(clockOf({}).nowMs()).toBeGreaterThanOrEqual(before);
  });

  it('stands still at a given instant', () => {
    expect(clockOf({ LEDGER_CLOCK: '2025-10-05T09:00:00Z' }).nowMs()).toBe(Date.UTC(2025, 9, 5, 9));
  });

  it('follows a file that a test advances', () => {
    const folder = mkdtempSync(join(tmpdir(), 'clock-'));
    try {
      const file = join(folder, 'now');
      writeFileSync(file, '2025-10-05T09:00:00Z\n');
      const clock = clockOf({ LEDGER_CLOCK: file });
      expect(clock.nowMs()).toBe(Date.UTC(2025, 9, 5, 9));
      writeFileSync(file, '2025-10-06T09:00:00Z\n');
      expect(clock.nowMs()).toBe(Date.UTC(2025, 9, 6, 9));
      writeFileSync(file, '');
      expect(clock.nowMs()).toBe(Date.UTC(2025, 9, 6, 9));
      writeFileSync(file, 'tomorrow');
      expect(() => clock.nowMs()).toThrow('holds "tomorrow", not an instant');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
