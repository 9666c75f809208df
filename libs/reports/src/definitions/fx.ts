import { standing } from './sql';

/**
 * The CTE `fx`: what each question, `select currency, kind, day`, is converted at into the reporting
 * currency. `kind` is `'spot'` for what was paid, received or incurred on the day, and `'closing'`
 * with `effective_on` for what is still to come and for balances.
 *
 * One row per distinct question, found again by its `currency`, `kind` and `day`:
 *
 * | column | |
 * | --- | --- |
 * | `into_currency`, `digits` | the reporting currency, else the amount's own; its scale |
 * | `rate`, `is_inverse`, `event_id` | the rate and who recorded it; rate 1 and nobody in its own currency |
 * | `lacks` | null, or the flag `FX_RATE_MISSING` or `FX_RATE_STALE`; the rate is null then |
 *
 * An amount is summed first, over all that has one `fx` row, and then converted once:
 * `converted(sum(amount), fx.rate, fx.is_inverse, fx.digits)`.
 */
export const fxFor = (
  questions: string,
): string => `${standing('fx_line', `measure = 'fx' and reporting_currency is not null`)},
  -- From a day until the next rate. On one day a direct rate goes before an inverse one.
  fx_rate as materialized (
    select currency, kind, on_date, lead(on_date, 1, 'infinity') over (partition by currency, kind order by on_date) as until_date,
      rate, is_inverse, event_id
    from (
      select distinct on (currency, kind, on_date) currency, terms ->> 'rateType' as kind, (terms ->> 'onDate')::date as on_date,
        (terms ->> 'rate')::numeric as rate, is_inverse, terms ->> 'eventId' as event_id
      from (select split_part(subject, '/', 1) as base, split_part(subject, '/', 2) as quote, value::jsonb as terms from fx_line) as recorded
      cross join lateral (
        select case reporting_currency when quote then base when base then quote end as currency, base = reporting_currency as is_inverse
      ) as direction
      where currency is not null
      order by currency, kind, on_date, is_inverse, terms ->> 'eventId'
    ) as best
  ),
  fx as materialized (
    select q.currency, q.kind, q.day, into_currency, currency_scale(into_currency) as digits,
      case when is_own then 1 when not is_stale then r.rate end as rate, coalesce(r.is_inverse, false) as is_inverse,
      case when not is_stale then r.event_id end as event_id,
      case when is_own then null when r.event_id is null then 'FX_RATE_MISSING' when is_stale then 'FX_RATE_STALE' end as lacks
    from (
      select currency, kind, day, coalesce(reporting_currency, currency) as into_currency,
        coalesce(currency = reporting_currency, true) as is_own,
        case fx_policy when 'closing' then 'closing' else kind end as rate_kind,
        case fx_policy when 'closing' then effective_on else day end as rate_day
      from (${questions}) as asked (currency, kind, day)
      where currency is not null
      group by currency, kind, day
    ) as q
    left join fx_rate as r on not q.is_own and r.currency = q.currency and r.kind = q.rate_kind
      and r.on_date <= q.rate_day and r.until_date > q.rate_day
    cross join lateral (select coalesce(q.rate_kind = 'spot' and r.on_date < q.rate_day - 7, false) as is_stale) as age
  )`;
