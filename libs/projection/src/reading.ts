import { currencyScale, isDay } from '@deal-ledger/domain';
import type { ReportDefinition } from '@deal-ledger/reports';
import { instantMs } from '@deal-ledger/service';
import { z } from 'zod';
import { MAX_CURSOR_LENGTH } from './cursor';

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1_000;

const POSITION = /^\d{1,15}$/;

export const Position = z
  .string()
  .regex(POSITION, 'a position is a whole number, as the answer to a post gives it')
  .transform(Number)
  .meta({ type: 'integer' });

/** A state of knowledge, as readers put it. */
export const knownAt = (meaning: string) =>
  z
    .string()
    .refine(
      (text) => text === 'latest' || POSITION.test(text) || instantMs(text) !== undefined,
      'give a position, or an instant like 2025-12-31T23:59:00Z',
    )
    .describe(meaning);

const COMMON = {
  asOf: knownAt(
    'What was known: up to this position of the ledger, or up to this past instant. By default all that is known now.',
  ).default('latest'),
  effectiveOn: z
    .string()
    .refine(isDay, 'give a day as YYYY-MM-DD')
    .optional()
    .describe('What had happened by this day. By default today (UTC).'),
  minPosition: Position.optional().describe(
    'Waits until the ledger is projected up to here: the position that a post was answered with.',
  ),
  reportingCurrency: z
    .string()
    .refine((code) => currencyScale(code) !== undefined, 'is no active ISO 4217 currency; write for example USD')
    .optional()
    .describe(
      'Every amount in this currency; what cannot be converted is null and flagged. By default each in its own.',
    ),
  fxPolicy: z
    .enum(['standard', 'closing'])
    .default('standard')
    .describe(
      'standard: what has happened at the spot rate of its day, what is to come and balances at the closing rate of the day asked for. closing: all of it at that.',
    ),
  changedSince: Position.optional().describe(
    'Only rows that are not as they were known at this earlier position, for the same day; those that are gone have only their key and "deleted": true.',
  ),
  onMissingFx: z
    .enum(['null', 'fail'])
    .default('null')
    .describe('What cannot be converted is null and flagged, or refuses the whole answer.'),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'is a whole number')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, `is from 1 to ${MAX_LIMIT}`)
    .meta({ type: 'integer' })
    .optional()
    .describe(
      `Rows of a page, at most ${MAX_LIMIT}. By default ${DEFAULT_LIMIT}; as CSV or NDJSON by default all rows at once.`,
    ),
  cursor: z
    .string()
    .regex(/^[\w-]+$/, 'take it from nextCursor as it is')
    .max(MAX_CURSOR_LENGTH)
    .optional()
    .describe(
      'Goes on where a page ended: meta.nextCursor, or the header Report-Next-Cursor. It holds position, day, order and filters, which may be left away then and cannot be changed.',
    ),
  format: z.enum(['json', 'csv', 'ndjson']).optional().describe('Goes before the Accept header. By default json.'),
} as const;

export type Format = 'json' | 'csv' | 'ndjson';
export type FxPolicy = 'standard' | 'closing';

/** A report's query: the points in time, and by name its own options and filters. */
export interface ReportQuery {
  readonly asOf: string;
  readonly effectiveOn?: string | undefined;
  readonly minPosition?: number | undefined;
  readonly reportingCurrency?: string | undefined;
  readonly fxPolicy: FxPolicy;
  readonly changedSince?: number | undefined;
  readonly onMissingFx: 'null' | 'fail';
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly format?: Format | undefined;
  readonly [parameter: string]: string | number | boolean | undefined;
}

/** Parameters that say how to answer and not what: a cursor does not hold them. */
export const HOW_TO_ANSWER = ['minPosition', 'onMissingFx', 'limit', 'cursor', 'format'];

/** What a request for the report may say. Anything else is refused. */
export function querySchema({ options, filters, sort }: ReportDefinition): z.ZodObject {
  const own = Object.fromEntries(Object.entries(filters).map(([name, { schema }]) => [name, schema.optional()]));
  const others = Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema]));
  return z.strictObject({ ...COMMON, sort: sortSchema(sort), ...others, ...own });
}

/** The filters that are asked for, by name. */
export function filterOf({ filters }: ReportDefinition, query: ReportQuery): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(filters).flatMap((name) => (query[name] === undefined ? [] : [[name, String(query[name])]])),
  );
}

/** The order asked for, column by column; `-` in front of one: descending. */
export function sortOf({ sort }: ReportDefinition, query: ReportQuery): readonly string[] {
  return query.sort?.split(',') ?? sort.default;
}

function sortSchema({ columns, default: standard }: ReportDefinition['sort']): z.ZodType<string | undefined> {
  const plain = (column: string): string => column.replace(/^-/, '');
  const allowed = [...new Set([...standard.map(plain), ...columns])];
  return z
    .string()
    .refine(
      (text) => {
        const asked = text.split(',').map(plain);
        return asked.every((column) => allowed.includes(column)) && new Set(asked).size === asked.length;
      },
      `is one of ${allowed.join(', ')}, or several with commas between; - in front of one: descending`,
    )
    .optional()
    .describe(
      `The order of rows: ${allowed.join(', ')}, several with commas between, - in front of one: descending. By default ${standard.join(',')}.`,
    );
}
