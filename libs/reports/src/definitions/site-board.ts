import { PHASE_STATUSES } from '@deal-ledger/domain';
import { z } from 'zod';
import { daysIfAny, equal, id, list, lists, oneOf, quantity, text, type ReportDefinition } from '../report';
import { distinct } from '../totals';
import { under, underPart } from './basis';
import { linesOf, ofItself, RESTS_ON_NOTHING } from './sql';

export const SiteBoardLine = z
  .object({
    siteId: id('The site.'),
    name: id('What it is called.'),
    country: id('Where it is, as ISO 3166 code.'),
    place: text('Where in that country.'),
    partners: list('Who plans it.'),
    phaseId: text('A phase of it; null of a site for which no phase is planned yet.'),
    power: quantity('As planned, or as reached where that is known; null where it is not stated or kept secret.'),
    unit: text('MW or GW.'),
    targetOnline: text('When it is to be online as planned last, as EDTF.'),
    firstTarget: text('The target that was stated first, as EDTF.'),
    slipDays: daysIfAny('Days from the end of the first target to the end of the last; negative when it came nearer.'),
    status: text('planned, underConstruction, energised, operational or cancelled.'),
    dealIds: list('Deals that it belongs to.'),
    fundingIds: list('Fundings that are meant for it.'),
  })
  .meta({ id: 'SiteBoardLine' });

const MEASURES = ['site', 'site.phase', 'site.status', 'site.power'];

const NARROWINGS = [ofItself('siteId', MEASURES)];

const SQL = `
with ${linesOf(MEASURES, ...NARROWINGS)},
place as (
  select s.subject as site_id, s.value::jsonb as site, p.phase_id, p.subject as phase_subject, p.phase
  from line as s
  left join (
    select subject, split_part(subject, '/', 1) as site_id, split_part(subject, '/', 2) as phase_id, value::jsonb as phase
    from line where measure = 'site.phase'
  ) as p on p.site_id = s.subject
  where s.measure = 'site'
)
  select site_id as "siteId", site ->> 'name' as name, site ->> 'country' as country, site ->> 'place' as place, site -> 'partnerIds' as partners,
    phase_id as "phaseId",
    coalesce(w.amount, case when stated_unit is not null then 0 end) as power, coalesce(w.unit, stated_unit) as unit,
    phase ->> 'targetOnline' as "targetOnline", phase ->> 'firstTarget' as "firstTarget",
    (phase ->> 'targetDay')::date - (phase ->> 'firstTargetDay')::date as "slipDays",
    coalesce(t.value::jsonb ->> 'status', case when phase is not null then 'planned' end) as status,
    site -> 'dealIds' as "dealIds", site -> 'fundingIds' as "fundingIds",
    ${RESTS_ON_NOTHING}
  from place
  cross join lateral (select coalesce(phase, site) ->> 'unit' as stated_unit) as says
  left join line as w on w.measure = 'site.power' and w.subject = coalesce(phase_subject, site_id)
  left join line as t on t.measure = 'site.status' and t.subject = phase_subject`;

/** R13: every site and its phases: how much power, by when, how late, how far. */
export const siteBoard: ReportDefinition = {
  name: 'site-board',
  summary: 'Sites and their phases: how much power, by when, how far they have slipped, and how far they are.',
  row: SiteBoardLine,
  key: ['siteId', 'phaseId'],
  sort: {
    default: ['siteId', 'phaseId'],
    columns: ['siteId', 'name', 'country', 'phaseId', 'power', 'targetOnline', 'slipDays', 'status'],
    ranks: { status: PHASE_STATUSES },
  },
  filters: {
    siteId: oneOf('siteId'),
    country: equal('country'),
    partner: lists('partners'),
    status: equal('status'),
    dealId: lists('dealIds'),
    fundingId: lists('fundingIds'),
  },
  options: {},
  sql: SQL,
  basis: [
    { measures: ['site'], of: under('r."siteId"') },
    {
      measures: ['site.phase', 'site.status', 'site.power'],
      of: underPart('r."siteId"', `coalesce(r."phaseId", '')`),
    },
  ],
  rests: {
    power: ['site.power'],
    status: ['site.status'],
    targetOnline: ['site.phase'],
    firstTarget: ['site.phase'],
    slipDays: ['site.phase'],
  },
  carried: { bearings: NARROWINGS },
  totals: { sites: distinct('siteId') },
  totalsSchema: z.object({ sites: z.int().describe('How many sites the rows are of.') }),
};
