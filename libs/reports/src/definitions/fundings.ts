import { ifAny, sumOf, unitOf, valueOf } from './sql';

/** What {@link FUNDINGS} reads of fundings. */
export const FUNDING_MEASURES = [
  'funding',
  'funding.stage',
  'funding.availability',
  'funding.ceiling',
  'funding.committed',
  'funding.repaid',
  'funding.recallable',
  'tranche',
  'tranche.condition',
  'tranche.cancelled',
  'tranche.amount',
  'tranche.received',
  'call.called',
  'call.received',
];

/** The CTE `call`: what was called and is still to come, made of `line` with the measures of calls. */
export const CALLS = `
-- A receipt may be dated before the call it answers: what is open is never below zero.
call as (
  select split_part(subject, '/', 1) as funding_id, split_part(subject, '/', 2) as tranche_id, split_part(subject, '/', 3) as call_id,
    currency, called, greatest(called - received, 0) as open, terms ->> 'dueOn' as due_on
  from (
    select subject, ${valueOf('call.called')} as terms, ${unitOf('call.called')} as currency, ${sumOf('call.called')} as called, ${sumOf('call.received')} as received
    from line where measure like 'call%' group by subject
  ) as each
)`;

/**
 * The CTEs from which the position of each funding comes, in its own currency: `tranche`, `tranches`
 * and, of the funding as a whole, `total`. They are made of `line` with {@link FUNDING_MEASURES}, and
 * of `deal` with the stage of each.
 */
export const FUNDINGS = `
funding_lines as (
  select subject as funding_id, ${valueOf('funding')} as terms, ${valueOf('funding.stage')} ->> 'stage' as stage,
    ${valueOf('funding.availability')} ->> 'to' as availability_end, ${unitOf('funding.committed')} as committed_in,
    ${sumOf('funding.ceiling')} as stated, ${sumOf('funding.committed')} as committed,
    ${sumOf('funding.repaid')} as repaid, ${sumOf('funding.recallable')} as recallable
  from line where measure like 'funding%' group by subject ${ifAny('funding')}
),
funding as (
  select funding_id, terms, f.stage, d.stage as deal_stage, committed, repaid, recallable, availability_end,
    coalesce(terms ->> 'currency', committed_in) as currency,
    (terms ->> 'undisclosed')::boolean as is_undisclosed,
    case when not (terms ->> 'undisclosed')::boolean then stated end as ceiling
  from funding_lines as f left join deal as d on d.deal_id = terms ->> 'dealId'
),
${CALLS},
calls as (
  select funding_id, tranche_id, sum(called) as called, sum(open) as open, coalesce(sum(open) filter (where due_on::date < effective_on), 0) as overdue
  from call group by funding_id, tranche_id
),
tranche_lines as (
  select split_part(subject, '/', 1) as funding_id, split_part(subject, '/', 2) as tranche_id, ${valueOf('tranche')} as terms,
    ${valueOf('tranche.condition')} ->> 'status' as status, ${valueOf('tranche.cancelled')} is not null as is_cancelled,
    ${sumOf('tranche.amount')} as stated, ${sumOf('tranche.received')} as received
  from line where measure like 'tranche%' group by subject ${ifAny('tranche')}
),
tranche as (
  select t.funding_id, t.tranche_id, t.terms, t.terms ->> 'currency' as currency, known.amount, known.status, t.received,
    coalesce(c.called, 0) as called, coalesce(c.open, 0) as open, coalesce(c.overdue, 0) as overdue,
    -- Of an undisclosed tranche only what was drawn is known.
    coalesce(known.amount - t.received - coalesce(c.open, 0), 0) as rest,
    case
      when f.stage = 'closed' or t.is_cancelled then 'cancelled'
      when f.stage = 'committed' and known.status <> 'open' then 'available'
      else 'locked'
    end as rest_is
  from tranche_lines as t
  join funding as f on f.funding_id = t.funding_id
  left join calls as c on c.funding_id = t.funding_id and c.tranche_id = t.tranche_id
  cross join lateral (
    select case when not (t.terms ->> 'undisclosed')::boolean then t.stated end as amount,
      coalesce(t.status, case when t.terms ->> 'conditionType' = 'none' then 'none' else 'open' end) as status
  ) as known
),
tranches as (
  select funding_id, sum(received) as received, sum(called) as called, sum(open) as open, sum(overdue) as overdue, min(currency) as currency,
    coalesce(sum(rest) filter (where rest_is = 'available'), 0) as available,
    coalesce(sum(rest) filter (where rest_is = 'locked'), 0) as locked,
    coalesce(sum(rest) filter (where rest_is = 'cancelled'), 0) as cancelled
  from tranche group by funding_id
),
-- received + open + available + locked + not in a tranche + cancelled = committed
total as (
  select f.*, drawn.received, drawn.called, drawn.open, drawn.overdue, drawn.cancelled, undrawn.remains, callable.available,
    case when f.stage = 'closed' or f.committed = 0 then 0 else greatest(f.committed - drawn.received - drawn.cancelled, 0) + recallable end as undrawn,
    case f.stage when 'committed' then least(drawn.waiting, undrawn.remains - callable.available) when 'proposed' then drawn.waiting else 0 end as locked
  from funding as f
  left join tranches as t on t.funding_id = f.funding_id
  cross join lateral (
    select coalesce(t.received, 0) as received, coalesce(t.called, 0) as called, coalesce(t.open, 0) as open, coalesce(t.overdue, 0) as overdue,
      coalesce(t.locked, 0) as waiting,
      case
        -- What nobody ever owed is withdrawn, not cancelled.
        when f.stage = 'closed' and f.committed = 0 then 0
        when f.committed = 0 then coalesce(t.cancelled, 0)
        -- More may be drawn by a day than was committed by then.
        when f.stage = 'closed' then greatest(f.committed - coalesce(t.received, 0) - coalesce(t.open, 0), 0)
        -- Tranches of undisclosed amount may have taken what a cancelled one would have had.
        else greatest(least(coalesce(t.cancelled, 0), f.committed - coalesce(t.received, 0) - coalesce(t.open, 0)), 0)
      end as cancelled
  ) as drawn
  cross join lateral (select greatest(f.committed - drawn.received - drawn.open - drawn.cancelled, 0) as remains) as undrawn
  cross join lateral (select case when f.stage = 'committed' then least(coalesce(t.available, 0), undrawn.remains) else 0 end as available) as callable
)`;
