import { currencyScale, isDay } from '@deal-ledger/domain';
import type { ReportDefinition } from '@deal-ledger/reports';
import { instantMs } from '@deal-ledger/service';
import { z } from 'zod';

const POSITION = /^\d{1,15}$/;

const Position = z
  .string()
  .regex(POSITION, 'a position is a whole number, as the answer to a post gives it')
  .transform(Number)
  .meta({ type: 'integer' });

const COMMON = {
  asOf: z
    .string()
    .refine(
      (text) => text === 'latest' || POSITION.test(text) || instantMs(text) !== undefined,
      'give a position, or an instant like 2025-12-31T23:59:00Z',
    )
    .default('latest')
    .describe(
      'What was known: up to this position of the ledger, or up to this past instant. By default all that is known now.',
    ),
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
  format: z.enum(['json', 'csv', 'ndjson']).optional().describe('Goes before the Accept header. By default json.'),
} as const;

export type Format = 'json' | 'csv' | 'ndjson';

/** A report's query: the points in time, and by name its own options and filters. */
export interface ReportQuery {
  readonly asOf: string;
  readonly effectiveOn?: string | undefined;
  readonly minPosition?: number | undefined;
  readonly reportingCurrency?: string | undefined;
  readonly fxPolicy: 'standard' | 'closing';
  readonly format?: Format | undefined;
  readonly [parameter: string]: string | number | boolean | undefined;
}

/** What a request for the report may say. Anything else is refused. */
export function querySchema({ options, filters }: ReportDefinition): z.ZodObject {
  const own = Object.fromEntries(Object.entries(filters).map(([name, { schema }]) => [name, schema.optional()]));
  const others = Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema]));
  return z.strictObject({ ...COMMON, ...others, ...own });
}

/** The filters that are asked for, by name. */
export function filterOf({ filters }: ReportDefinition, query: ReportQuery): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(filters).flatMap((name) => (query[name] === undefined ? [] : [[name, String(query[name])]])),
  );
}
