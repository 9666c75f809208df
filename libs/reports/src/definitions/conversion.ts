import { fxFor } from './fx';

/**
 * What the cells of a report come to in the currency that is asked for: the CTE `priced`, made of
 * `parts`, a query of the `keys`, currency, cell, amount, kind and day, the last two as {@link fxFor}
 * asks for a rate. Without a kind a part needs none: it is a count, or it is nothing.
 *
 * The parts of a cell are added in their own currency and converted once per rate used, each
 * rounded half to even. Grouped by its keys and currency, `priced` gives rows of cells.
 */
export const pricedBy = (keys: readonly string[], parts: string): string => `
part as (
  select ${keys.join(', ')}, currency, cell, kind, day, sum(amount) as amount, bool_or(amount is null) as is_unknown
  from (${parts}) as each (${keys.join(', ')}, currency, cell, amount, kind, day)
  group by ${keys.join(', ')}, currency, cell, kind, day
),
${fxFor('select currency, kind, day from part where kind is not null')},
priced as (
  select ${keys.join(', ')}, cell, coalesce(reporting_currency, currency) as currency, lacks, event_id,
    case
      when bool_or(is_unknown) then null
      when rate is null and lacks is null then sum(amount)
      else converted(sum(amount), rate, is_inverse, digits)
    end as amount
  from part left join fx using (currency, kind, day)
  group by ${keys.join(', ')}, cell, currency, rate, is_inverse, digits, event_id, lacks
)`;

/** The day whose rate an amount of the `day` is converted at: it only matters where rates differ by the day. */
export const rateDay = (day: string): string =>
  `case when reporting_currency is not null and fx_policy = 'standard' then ${day} else effective_on end`;

/** A cell of `priced`: null when nothing is stated of it, or when a part of it is null. */
export const cell = (name: string): string =>
  `case when bool_and(amount is not null) filter (where cell = '${name}') then sum(amount) filter (where cell = '${name}') end`;

/** The same, where nothing stated is zero. */
export const cellOrZero = (name: string): string =>
  `case when bool_and(amount is not null) filter (where cell = '${name}') is not false
      then coalesce(sum(amount) filter (where cell = '${name}'), 0) end`;

/** What a cell counts. */
export const cellCount = (name: string): string => `coalesce(sum(amount) filter (where cell = '${name}'), 0)::integer`;

/** Columns of a row of `priced`: the rates it is converted by, the cells that lack one, and what these lack. */
export const RATES_USED = `array_remove(array_agg(distinct event_id), null) as fx_event_ids,
    array_agg(distinct cell) filter (where lacks is not null) as unconverted,
    coalesce(bool_or(lacks = 'FX_RATE_MISSING'), false) as is_rate_missing,
    coalesce(bool_or(lacks = 'FX_RATE_STALE'), false) as is_rate_stale`;
export const RATE_FLAGS = { FX_RATE_MISSING: 'is_rate_missing', FX_RATE_STALE: 'is_rate_stale' };
