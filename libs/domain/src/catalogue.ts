import { deal } from './deal';
import { engagement } from './engagement';
import { forecast } from './forecast';
import { funding } from './funding';
import type { StreamKind } from './kind';
import { party } from './party';
import { pool } from './pool';
import { reference } from './reference';
import { reportRun } from './report-run';
import { reservation } from './reservation';
import { site } from './site';
import { source } from './source';

/** Every kind of stream by the name that begins its streams' names. */
export const catalogue: Readonly<Record<string, StreamKind>> = {
  source,
  party,
  reference,
  engagement,
  deal,
  funding,
  forecast,
  pool,
  reservation,
  site,
  'report-run': reportRun,
};
