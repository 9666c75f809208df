import { isDecimal } from '@deal-ledger/domain';
import type { ReportDefinition } from '@deal-ledger/reports';
import { z } from 'zod';
import { knownAt, querySchema, type ReportQuery } from './reading';
import { CAUSES, type Cause } from './variance';

const Key = (definition: ReportDefinition) =>
  z
    .string()
    .min(1)
    .max(1_000)
    .describe(
      `A row: its ${definition.key.join('/')}, what is null left away. Ids of a joint side have a + between them, %2B in an address.`,
    );

const Column = z.string().min(1).max(100);

export interface ExplainQuery extends ReportQuery {
  readonly key: string;
  readonly column: string;
}

/** What a request to open a figure may say: what its report may be asked, and which cell. */
export function explainSchema(definition: ReportDefinition): z.ZodObject {
  return querySchema(definition)
    .omit({ changedSince: true, onMissingFx: true, sort: true })
    .extend({ key: Key(definition), column: Column.describe('Which of its columns.') });
}

export interface VarianceQuery extends ReportQuery {
  readonly measure: string;
  readonly key?: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly cause?: Cause | undefined;
  readonly minAbs?: string | undefined;
}

/** What a request to compare a figure between two positions may say. */
export function varianceSchema(definition: ReportDefinition): z.ZodObject {
  const filters = Object.keys(definition.filters).map((name) => [name, true]);
  return querySchema(definition)
    .omit({ changedSince: true, onMissingFx: true, sort: true, asOf: true, ...Object.fromEntries(filters) })
    .extend({
      measure: Column.describe('A column of numbers.'),
      key: Key(definition).optional(),
      from: knownAt('What was known first: up to this position of the ledger, or up to this past instant.'),
      to: knownAt('What was known later.').default('latest'),
      cause: z.enum(CAUSES).optional().describe('Only what events of this cause contributed.'),
      minAbs: z
        .string()
        .refine((text) => isDecimal(text) && !text.startsWith('-'), 'is a decimal of 0 or more')
        .optional()
        .describe('Only contributions of at least this much, up or down.'),
    });
}
