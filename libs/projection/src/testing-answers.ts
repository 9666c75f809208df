import type { ReportDefinition } from '@deal-ledger/reports';
import { Pool } from 'pg';
import { MAX_ROWS } from './answers';
import type { Question } from './question';

/** Counts what answers ask Postgres for. */
export class CountingPool extends Pool {
  /** Whole answers, worked out from postings. */
  fromPostings = 0;
  /** Rows of some ids. */
  ofSomeIds = 0;

  override query: Pool['query'] = ((...asked: Parameters<Pool['query']>) => {
    const { text = '' } = asked[0] as { text?: string };
    if (text.endsWith(`limit ${MAX_ROWS + 1}`)) this.fromPostings += 1;
    else if (text.startsWith('select * from')) this.ofSomeIds += 1;
    return super.query(...asked);
  }) as Pool['query'];
}

/** A question that leaves everything as it is by default. */
export const plainly = (definition: ReportDefinition, position: number, effectiveOn: string): Question => ({
  definition,
  position,
  effectiveOn,
  reportingCurrency: null,
  fxPolicy: 'standard',
  filter: {},
  options: Object.fromEntries(
    Object.entries(definition.options).map(([name, { schema }]) => [name, schema.parse(undefined) ?? null]),
  ),
  sort: definition.sort.default,
  changedSince: null,
});
