/**
 * The CTEs `owner`, `above` and `group_of`, of `with recursive`: the group that each party belongs
 * to, by the lines of `relation`. A party that nobody owns and no group has is not in `group_of`.
 */
export const GROUPS = `
-- Above each party, its owners and groups; of several the one with the largest share.
owner as (
  select distinct on (party) party, above
  from (
    select split_part(subject, '/', 1) collate "C" as party, split_part(subject, '/', 2) collate "C" as above, (terms ->> 'share')::numeric as share
    from (select subject, value::jsonb as terms from line where measure = 'relation') as each
    where terms ->> 'relation' = 'ownedBy' and coalesce((terms ->> 'share')::numeric > 0.5, true)
    union all
    select split_part(subject, '/', 2), split_part(subject, '/', 1), null
    from line where measure = 'relation' and value::jsonb ->> 'relation' = 'groupOf'
  ) as each
  order by party, share desc nulls first, above
),
above (party, above) as (
  select party, above from owner
  union
  select above.party, owner.above from above join owner on owner.party = above.above
),
-- Whoever own each other in a circle are one group, by the first of their ids.
group_of as (
  select a.party, coalesce(min(a.above) filter (where o.party is null), min(a.above) filter (where circle.party is not null)) as group_id
  from above as a
  left join owner as o on o.party = a.above
  left join above as circle on circle.party = a.above and circle.above = a.above
  group by a.party
)`;
