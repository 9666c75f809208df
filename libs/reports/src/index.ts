import { dealPostings } from './postings/deal';
import { engagementPostings } from './postings/engagement';
import { forecastPostings } from './postings/forecast';
import { fundingPostings } from './postings/funding';
import { partyPostings } from './postings/party';
import { referencePostings } from './postings/reference';
import { poolPostings } from './postings/pool';
import { reservationPostings } from './postings/reservation';
import { sitePostings } from './postings/site';
import type { AnyPostingRule, PostingRule } from './posting';
import { auditEvents } from './definitions/audit-events';
import { auditTrail } from './definitions/audit-trail';
import { capacityBalance } from './definitions/capacity-balance';
import { circularFlows } from './definitions/circular-flows';
import { commitmentLines } from './definitions/commitment-lines';
import { counterpartyExposure } from './definitions/counterparty-exposure';
import { deliverySchedule } from './definitions/delivery-schedule';
import { dealRegister } from './definitions/deal-register';
import { engagementLog } from './definitions/engagement-log';
import { exceptions } from './definitions/exceptions';
import { forecastVersions } from './definitions/forecast-versions';
import { fundingPosition } from './definitions/funding-position';
import { obligationsMaturity } from './definitions/obligations-maturity';
import { siteBoard } from './definitions/site-board';
import { spendOutlook } from './definitions/spend-outlook';
import type { ReportDefinition } from './report';

export { difference, type AnyPostingRule, type Posting, type PostingRule } from './posting';
export { fxFor } from './definitions/fx';
export { linesOf, standing } from './definitions/sql';
export {
  BY_GROUP,
  BY_ROOT,
  count,
  countIfAny,
  decimal,
  flag,
  id,
  kindOfColumn,
  list,
  money,
  pathOf,
  REPORTS_VERSION,
  text,
  type Basis,
  type Bearing,
  type Carried,
  type ColumnKind,
  type ColumnMeta,
  type Filter,
  type Option,
  type RawRow,
  type ReportDefinition,
  type Row,
  type Sums,
} from './report';
export { atScale } from './decimal';
export { comparing, orderOf } from './ordering';
export { columnsOf, filingOf, rowOf } from './shape';
export {
  argumentTypesOf,
  columnTypesOf,
  PLANNED_WITH,
  snake,
  sqlFunctionOf,
  statementOf,
  statementOverSums,
  type SqlFunction,
} from './sql-function';
export { SQL_LIBRARY } from './sql-library';
export { Tally } from './tally';
export { cut, spread, type Bucket } from './spread';
export {
  dealPostings,
  engagementPostings,
  forecastPostings,
  fundingPostings,
  partyPostings,
  referencePostings,
  poolPostings,
  reservationPostings,
  sitePostings,
};
export {
  auditEvents,
  auditTrail,
  capacityBalance,
  circularFlows,
  commitmentLines,
  counterpartyExposure,
  dealRegister,
  deliverySchedule,
  engagementLog,
  exceptions,
  forecastVersions,
  fundingPosition,
  obligationsMaturity,
  siteBoard,
  spendOutlook,
};

/** A projection: the rules that write it, the statements that read it, and where it is kept. */
export interface ReportSet {
  readonly name: string;
  /** The Postgres schema that is its own. */
  readonly schema: string;
  readonly rules: readonly AnyPostingRule[];
  readonly reports: readonly ReportDefinition[];
  /** Whether it also shows what the events of a stream add up to, and which event each part of that comes from. */
  readonly showsStreams?: boolean;
}

// A rule is only ever given the events and states of its own kind.
const any = <State, Event extends Parameters<AnyPostingRule['post']>[1]>(
  rule: PostingRule<State, Event>,
): AnyPostingRule => rule as unknown as AnyPostingRule;

/** Finance: what will be spent, what was forecast, and how it is funded. */
export const spendForecast: ReportSet = {
  name: 'spend-forecast',
  schema: 'spend_forecast',
  rules: [any(dealPostings), any(fundingPostings), any(forecastPostings), any(referencePostings)],
  reports: [spendOutlook, forecastVersions, obligationsMaturity, fundingPosition],
};

/** Supply: who owes what to whom, and whether the capacity exists. */
export const supplierCommitments: ReportSet = {
  name: 'supplier-commitments',
  schema: 'supplier_commitments',
  rules: [
    any(dealPostings),
    any(fundingPostings),
    any(partyPostings),
    any(poolPostings),
    any(reservationPostings),
    any(referencePostings),
    any(sitePostings),
  ],
  reports: [
    dealRegister,
    commitmentLines,
    capacityBalance,
    deliverySchedule,
    counterpartyExposure,
    circularFlows,
    siteBoard,
  ],
};

/** What was recorded, in the order in which it was, and what of it somebody should look at. */
export const audit: ReportSet = {
  name: 'audit',
  schema: 'audit',
  rules: [
    any(dealPostings),
    any(fundingPostings),
    any(forecastPostings),
    any(partyPostings),
    any(poolPostings),
    any(reservationPostings),
    any(referencePostings),
    any(sitePostings),
    any(engagementPostings),
  ],
  reports: [auditTrail, exceptions, engagementLog, auditEvents],
  showsStreams: true,
};

/** Every projection there is. Their reports stand side by side in one schema for readers, `reports`. */
export const PROJECTIONS: readonly ReportSet[] = [spendForecast, supplierCommitments, audit];
