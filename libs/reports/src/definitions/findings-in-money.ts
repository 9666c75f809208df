import { CALLS } from './fundings';
import { fxFor } from './fx';
import type { Finding } from './finding';
import { IS_JOINT } from './legs';
import { spendOutlook } from './spend-outlook';

/** What the findings in money are made of: payments, costs and receipts by the day, with their rates, and calls. */
export const MONEY = `
${CALLS},
cash as (
  select stream, event_id, type, effective_to as day, said -> 'money' ->> 'currency' as currency, (said -> 'money' ->> 'amount')::numeric as amount
  from current_event
  where type in ('CostIncurred', 'PaymentMade', 'FundsReceived', 'FundsRepaid') and effective_to <= effective_on
  union all
  select back.stream, back.event_id, back.type, back.effective_to, made.said -> 'money' ->> 'currency', (made.said -> 'money' ->> 'amount')::numeric
  from current_event as back
  join current_event as made on made.stream = back.stream and made.type = 'PaymentMade' and made.said ->> 'paymentId' = back.said ->> 'paymentId'
  where back.type = 'PaymentReversed' and back.effective_to <= effective_on
),
${fxFor(`select currency, 'spot', day from cash`)}`;

// The other report's options, as columns that its statement finds where it would find its arguments.
const OUTLOOK = `(select 'year' as granularity, 'latest' as forecast, null::integer as forecast_version, false as fill) as asked
  cross join lateral (${spendOutlook.sql}) as o`;

const RATE = `case fx_policy when 'closing' then 'closing' else 'spot' end`;

export const IN_MONEY: readonly Finding[] = [
  {
    kind: 'CALL_OVERDUE',
    stream: `'funding/' || funding_id`,
    ref: `concat_ws('/', 'funding', funding_id, tranche_id, call_id)`,
    since: 'due_on::date + 1',
    eventId: 'event_id',
    text: `format(
      '%s %s of call %s on funding %s were due on %s; %s of %s have come, by %s they are %s days late. Ask for them, or record the receipt.',
      grouped(open), currency, call_id, funding_id, due_on, grouped(called - open), grouped(called), effective_on, effective_on - due_on::date
    )`,
    from: `call
  join current_event as e on e.stream = 'funding/' || funding_id and e.type = 'FundsCalled' and e.said ->> 'callId' = call_id
  where open > 0 and due_on::date < effective_on`,
  },
  {
    kind: 'LOI_LAPSING',
    stream: `'deal/' || deal_id`,
    ref: `'deal/' || deal_id`,
    since: `(paper ->> 'expiresOn')::date - lapsing_within_days`,
    eventId: `paper ->> 'eventId'`,
    text: `format(
      'The %s on deal %s does not bind and expires on %s, in %s days. Sign what is to follow, extend it, or close the deal.',
      paper ->> 'instrument', deal_id, paper ->> 'expiresOn', (paper ->> 'expiresOn')::date - effective_on
    )`,
    from: `deal
  where stage not in ('binding', 'closed') and paper ->> 'binding' <> 'yes'
    and (paper ->> 'expiresOn')::date between effective_on and effective_on + lapsing_within_days`,
  },
  {
    kind: 'FX_STALE',
    stream: 'cash.stream',
    ref: `cash.stream || '/' || cash.event_id`,
    since: 'cash.day',
    eventId: 'cash.event_id',
    text: `format(
      '%s of %s %s on %s cannot be converted into %s: %s. Record the %s rate of that day.',
      type, grouped(amount), cash.currency, cash.day, reporting_currency,
      case when fx.lacks = 'FX_RATE_STALE' then format('the last spot rate is of %s, %s days before, and 7 are the most', known.on_date, cash.day - known.on_date)
        else format('there is no %s rate of %s until then', ${RATE}, cash.currency) end,
      ${RATE}
    )`,
    from: `cash
  join fx on fx.currency = cash.currency and fx.kind = 'spot' and fx.day = cash.day
  left join fx_rate as known on known.currency = cash.currency and known.kind = 'spot' and known.on_date <= cash.day and known.until_date > cash.day
  where fx.lacks is not null`,
  },
  {
    kind: 'UNDISCLOSED_MONEY',
    stream: `'deal/' || deal_id`,
    ref: `'deal/' || leg.subject`,
    since: 'e.effective_to',
    eventId: `leg.terms ->> 'termsEventId'`,
    text: `format(
      'What %s pays %s by leg %s is kept secret: it is in none of the sums. Record the amount as soon as it is disclosed.',
      joined(leg.terms -> 'providers'), joined(leg.terms -> 'receivers'), leg.subject
    )`,
    from: `leg
  join deal using (deal_id)
  left join current_event as e on e.stream = 'deal/' || deal_id and e.event_id = leg.terms ->> 'termsEventId'
  where leg.terms ->> 'class' = 'payment' and (leg.terms ->> 'undisclosed')::boolean and stage <> 'closed'`,
  },
  {
    kind: 'UNDISCLOSED_MONEY',
    stream: 'e.stream',
    ref: 'e.stream',
    since: 'e.effective_to',
    eventId: 'e.event_id',
    text: `format(
      'What %s would fund %s with is kept secret: it is in none of the sums. Record the amount as soon as it is disclosed.',
      joined(terms -> 'funders'), terms ->> 'recipient'
    )`,
    from: `funding
  join current_event as e on e.stream = 'funding/' || funding_id and e.type = 'FundingProposed'
  where (terms ->> 'undisclosed')::boolean and stage = 'proposed'`,
  },
  {
    kind: 'JOINT_UNSPLIT',
    stream: `'deal/' || deal_id`,
    ref: `'deal/' || deal_id`,
    since: 'e.effective_to',
    eventId: 'joint.event_id',
    text: `format('Several parties share a side of deal %s (%s) and nobody says who has which share. Record shares, or count them as one.', deal_id, legs)`,
    from: `(
    select deal_id, string_agg(leg_id, ', ' order by leg_id) as legs, (array_agg(leg.terms ->> 'termsEventId' order by leg_id))[1] as event_id
    from leg join deal using (deal_id)
    cross join lateral (select leg.terms) as said
    where ${IS_JOINT.replaceAll('terms', 'said.terms')} and stage <> 'closed'
    group by deal_id
  ) as joint
  left join current_event as e on e.stream = 'deal/' || deal_id and e.event_id = joint.event_id`,
  },
  {
    kind: 'FORECAST_ABOVE_COMMITTED',
    stream: 'null',
    ref: `concat_ws('/', o."entityId", o.category, o.period)`,
    since: 'e.effective_to',
    eventId: 'e.event_id',
    text: `format(
      'For %s of %s in %s %s %s are forecast (version %s, %s) and %s committed: %s are missing. Commit more, or publish what is expected now.',
      o.category, o."entityId", o.period, grouped(o."forecastBase"), o.currency, o."forecastVersion", o."forecastBasis",
      grouped(o."committedFirm"), grouped(o."gapToBase")
    )`,
    parties: `string_to_array(o."entityId", '+')`,
    fxEventIds: 'o."fxEventIds"',
    from: `${OUTLOOK}
  left join (
    select distinct on (entity, category, version) said ->> 'entityId' as entity, said ->> 'measure' as category, said ->> 'version' as version, event_id, effective_to
    from current_event where type = 'ForecastPublished'
    order by entity, category, version, effective_to desc, stream desc
  ) as e on e.entity = o."entityId" and e.category = o.category and e.version = o."forecastVersion"::text
  where o."gapToBase" > 0 and o.period ~ '^\\d{4}$'`,
  },
];
