import { ifAny, valueOf } from './sql';

export const OF_RESERVATIONS = ['request', 'reservation', 'reservation.closed', 'priority'];

/** The CTE `reservation`: what was asked for and agreed, of every reservation, from the CTE `line`. */
export const RESERVATIONS = `
reservation as (
  select subject as reservation_id, ${valueOf('request')} as terms,
    coalesce((${valueOf('reservation')} ->> 'binding')::boolean, false) as is_binding,
    (${valueOf('reservation')} ->> 'minShare')::numeric as min_share,
    ${valueOf('priority')} ->> 'tier' as tier,
    bool_or(measure = 'reservation.closed') as is_closed
  from line where measure in (${OF_RESERVATIONS.map((measure) => `'${measure}'`).join(', ')}) group by subject ${ifAny('request')}
)`;
