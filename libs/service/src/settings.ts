import { existsSync } from 'node:fs';
import { z } from 'zod';
import { instantMs } from './clock';

const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string().regex(/^[^\s,/]+:\d{1,5}$/, 'must be host:port, several separated by commas')).min(1));

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number, 0 to 65535')
  .transform(Number)
  .pipe(z.number().max(65_535, 'must be a port number, 0 to 65535'));

const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text),
    'must be postgres://user:password@host:port/name',
  );

const clock = z
  .string()
  .refine(
    (text) => instantMs(text) !== undefined || existsSync(text),
    'must be an instant like 2025-10-05T09:00:00Z, or a file that holds one',
  );

/** The settings that every service has. What an app adds has the same form. */
export const COMMON_SETTINGS = {
  PORT: port.default(3000).describe('Port to listen on; 0 takes a free one.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for all.'),
  DATA_DIR: z.string().min(1).default('.data').describe('Folder of the embedded database.'),
  KAFKA_BROKERS: list
    .optional()
    .describe('host:port of Kafka brokers, separated by commas. Without it the log is kept in Postgres.'),
  KAFKA_FLUSH_EVERY_MESSAGE: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true')
    .describe('Whether a lone broker must write every request through to its disk; with replicas it does not matter.'),
  DATABASE_URL: postgresUrl.optional().describe('postgres://… of the database. Without it an embedded one is started.'),
  LEDGER_TOPIC: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,240}$/, 'must be a Kafka topic name of at most 240 characters')
    .default('deal-ledger')
    .describe(
      'Name of the log: one topic, one partition. Refusals are in one of their own, with -refusals after the name.',
    ),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('fatal, error, warn, info, debug (adds a line per request), trace or silent.'),
  LEDGER_CLOCK: clock
    .optional()
    .describe('For tests: an instant, or a file that holds one. Refused with NODE_ENV=production.'),
} as const;

export type Settings = z.output<z.ZodObject<typeof COMMON_SETTINGS>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings are wrong; the message lists all that is wrong and says the way out. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings from environment variables, once, at start. `extra` are further ones of the
 * app. Throws {@link SettingsError} with everything that is wrong. An empty variable counts as unset.
 */
export function settingsOf<Extra extends z.ZodRawShape = Record<never, never>>(
  env: Environment,
  extra?: Extra,
): Settings & z.output<z.ZodObject<Extra>> {
  const shape = { ...COMMON_SETTINGS, ...extra };
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const parsed = z.object(shape).safeParse(given);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${messageOf(issue)}`);
  if (env['NODE_ENV'] === 'production' && given['LEDGER_CLOCK'] !== undefined) {
    wrong.push('LEDGER_CLOCK: is for tests only; unset it, or do not run with NODE_ENV=production');
  }
  if (wrong.length > 0 || !parsed.success) {
    const lines = wrong.map((line) => `  ${line}`);
    throw new SettingsError(['Settings are wrong:', ...lines, 'Correct them; --help lists every setting.'].join('\n'));
  }
  return parsed.data as unknown as Settings & z.output<z.ZodObject<Extra>>;
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : issue.message;
}

/** Where a common setting means something else to a service than to all in one process, or with `null` nothing. */
export type OwnMeanings = Partial<Readonly<Record<keyof typeof COMMON_SETTINGS, string | null>>>;

/** The table that `--help` prints. */
export function settingsHelp(name: string, extra: z.ZodRawShape = {}, meanings: OwnMeanings = {}): string {
  const own: Readonly<Record<string, string | null | undefined>> = meanings;
  const rows = Object.entries({ ...COMMON_SETTINGS, ...extra })
    .filter(([setting]) => own[setting] !== null)
    .map(([setting, schema]) => {
      const type = schema as z.ZodType;
      return { setting, standard: defaultOf(type), meaning: own[setting] ?? type.description ?? '' };
    });
  const width = (column: 'setting' | 'standard'): number => Math.max(...rows.map((row) => row[column].length));
  const lines = rows.map(
    (row) => `  ${row.setting.padEnd(width('setting'))}  ${row.standard.padEnd(width('standard'))}  ${row.meaning}`,
  );
  return [`${name}: settings are environment variables.`, '', ...lines, ''].join('\n');
}

function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return '(required)';
  return parsed.data === undefined ? '-' : String(parsed.data);
}

/** What of the process a command line needs; a test gives its own. */
export interface CommandLine {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exit(code: number): never;
}

/**
 * The settings of a service that is being started: `--help` prints them and exits 0, any other
 * argument and wrong settings exit 2 with the reason.
 */
export function settingsOrExit<Extra extends z.ZodRawShape = Record<never, never>>(
  name: string,
  extra?: Extra,
  meanings: OwnMeanings = {},
  commandLine: CommandLine = process,
): Settings & z.output<z.ZodObject<Extra>> {
  const [argument] = commandLine.argv.slice(2);
  if (argument === '--help' || argument === '-h') {
    commandLine.stdout.write(settingsHelp(name, extra, meanings));
    return commandLine.exit(0);
  }
  if (argument !== undefined) {
    commandLine.stderr.write(
      `${name} takes no argument ${JSON.stringify(argument)}; settings are environment variables, see --help.\n`,
    );
    return commandLine.exit(2);
  }
  try {
    return settingsOf(commandLine.env, extra);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    commandLine.stderr.write(`${name} cannot start. ${error.message}\n`);
    return commandLine.exit(2);
  }
}
