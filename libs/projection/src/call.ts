import { snake } from '@deal-ledger/reports';
import type { Question } from './question';
import { reportsSchemaOf } from './report-functions';

/** The values of a statement's parameters, in the order in which they are named. */
export class Values {
  readonly all: unknown[] = [];

  /** A further one, as the statement names it. */
  add(value: unknown): string {
    return `$${this.all.push(value)}`;
  }
}

/** SQL for a position and a place in its commit. */
export interface KnownUpTo {
  readonly position: string;
  readonly ordinal: string;
}

/** The function of a report with what is asked of it; as of its position, unless another is given. */
export function callOf(schema: string, question: Question, values: Values, upTo?: KnownUpTo): string {
  const { definition, position, effectiveOn, reportingCurrency, fxPolicy, filter, options } = question;
  const args = {
    as_of: upTo?.position ?? values.add(position),
    ...(upTo === undefined ? {} : { as_of_ordinal: upTo.ordinal }),
    effective_on: values.add(effectiveOn),
    reporting_currency: values.add(reportingCurrency),
    fx_policy: values.add(fxPolicy),
    filter: values.add(JSON.stringify(filter)),
    ...Object.fromEntries(Object.entries(options).map(([name, value]) => [snake(name), values.add(value)])),
  };
  const given = Object.entries(args).map(([name, value]) => `${name} => ${value}`);
  return `${reportsSchemaOf(schema)}.${snake(definition.name)}(${given.join(', ')})`;
}
