import { z } from 'zod';
import { equal, id, list, lists, onOrAfter, onOrBefore, oneOf, text, type ReportDefinition } from '../report';
import { countedBy } from '../totals';
import { under } from './basis';
import { linesOf, ofItself, RESTS_ON_NOTHING } from './sql';

export const EngagementLogLine = z
  .object({
    engagementId: id('The meeting or visit.'),
    status: id('planned, held or cancelled.'),
    from: id('First day that it may have been, or was meant to be, on.'),
    to: id('Last such day.'),
    places: list('Where.'),
    participants: list('Who, of those who are registered.'),
    asks: list('What was asked for: moreCapacity, orderPriority, financing …'),
    topics: list('What it was about.'),
    outcome: text('What came of it; of a cancelled one, why.'),
    linkedDealIds: list('Deals that it was about.'),
    linkedReservationIds: list('Reservations that it was about.'),
  })
  .meta({ id: 'EngagementLogLine' });

const NARROWINGS = [ofItself('engagementId', ['engagement'])];

const SQL = `
with ${linesOf(['engagement'], ...NARROWINGS)}
  select subject as "engagementId", meeting ->> 'status' as status, meeting ->> 'from' as "from", meeting ->> 'to' as "to",
    meeting -> 'places' as places, meeting -> 'participants' as participants, meeting -> 'asks' as asks, meeting -> 'topics' as topics,
    meeting ->> 'outcome' as outcome, meeting -> 'dealIds' as "linkedDealIds", meeting -> 'reservationIds' as "linkedReservationIds",
    ${RESTS_ON_NOTHING}
  from line
  cross join lateral (select value::jsonb as meeting) as told`;

const STATUSES = ['planned', 'held', 'cancelled'] as const;

/** R12: who met whom, where, and for what. */
export const engagementLog: ReportDefinition = {
  name: 'engagement-log',
  summary: 'Meetings and visits: who, where, what was asked for and what came of it.',
  row: EngagementLogLine,
  key: ['engagementId'],
  sort: {
    default: ['from'],
    columns: ['engagementId', 'status', 'from', 'to'],
    ranks: { status: STATUSES },
  },
  filters: {
    engagementId: oneOf('engagementId'),
    party: lists('participants'),
    place: lists('places'),
    ask: lists('asks'),
    status: equal('status'),
    dealId: lists('linkedDealIds'),
    reservationId: lists('linkedReservationIds'),
    fromDay: onOrAfter('to'),
    toDay: onOrBefore('from'),
  },
  options: {},
  sql: SQL,
  basis: [{ measures: ['engagement'], of: under('r."engagementId"') }],
  rests: {},
  carried: { bearings: NARROWINGS },
  totals: { byStatus: countedBy('status', STATUSES) },
  totalsSchema: z.object({
    byStatus: z
      .object(Object.fromEntries(STATUSES.map((status) => [status, z.int()])))
      .describe('Meetings of each status.'),
  }),
};
