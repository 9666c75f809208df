/** More hops than this are not tried, a second or two of work. */
const MAX_TRIED = 1_000_000;

/**
 * The ways that lead back to where they began, over hops from one party to another: each way once,
 * as the parties in their order, beginning with the first of them by id; the shortest ways first, and
 * of one length in order of ids. No party is met twice, and there are at most `longest` of them. With
 * `through`, only ways through that party, which then begin with it.
 *
 * The work is bounded: after `at_most` ways, or after too many hops tried, a row of null says that
 * there may be more. A hop is tried only if its end can still lead back in time.
 */
export const CYCLES = `create or replace function cycles(sources text[], targets text[], through text, longest integer, at_most integer) returns setof text[]
immutable language plpgsql as $body$
declare
  names text[];
  begins integer[]; ends integer[];   -- per party its first hop; per hop where it ends
  back_begins integer[]; starts integer[];   -- the same from the end to the start
  parties integer; depth integer; here integer; there integer; hop integer;
  first_origin integer; last_origin integer; lowest integer;
  distance integer[]; queue integer[]; head integer;   -- how many hops lead back to the origin, at least
  path integer[]; tried integer[]; is_on_path boolean[];
  found integer := 0; work integer := 0;
begin
  select array_agg(name order by name), count(*) into names, parties
  from (select distinct unnest(sources || targets) collate "C" as name) as each;
  if parties = 0 then return; end if;

  with name as (select name collate "C" as name, place::integer from unnest(names) with ordinality as listed (name, place)),
  hop as (
    select distinct s.place as source, t.place as target
    from unnest(sources, targets) as given (source, target)
    join name as s on s.name = given.source join name as t on t.name = given.target
  ),
  outward as (
    select array_agg(1 + coalesce(before, 0)::integer order by party) as list
    from (
      select party, sum(count(source)) over (order by party rows between unbounded preceding and 1 preceding) as before
      from generate_series(1, parties + 1) as party left join hop on source = party group by party
    ) as each
  ),
  inward as (
    select array_agg(1 + coalesce(before, 0)::integer order by party) as list
    from (
      select party, sum(count(target)) over (order by party rows between unbounded preceding and 1 preceding) as before
      from generate_series(1, parties + 1) as party left join hop on target = party group by party
    ) as each
  )
  select outward.list, inward.list, (select array_agg(target order by source, target) from hop), (select array_agg(source order by target, source) from hop)
  into begins, back_begins, ends, starts
  from outward, inward;

  first_origin := 1;
  last_origin := parties;
  if through is not null then
    first_origin := coalesce(array_position(names, through), parties + 1);
    last_origin := least(first_origin, parties);
  end if;

  for hops in 2..longest loop
    for origin in first_origin..last_origin loop
      -- Of a way, only its first party by id is an origin.
      lowest := case when through is null then origin else 0 end;
      continue when begins[origin] = begins[origin + 1] or ends[begins[origin + 1] - 1] <= lowest;
      distance := array_fill(hops, array[parties]);
      distance[origin] := 0;
      queue := array[origin];
      head := 1;
      while head <= cardinality(queue) loop
        here := queue[head];
        head := head + 1;
        exit when distance[here] >= hops - 1;
        for hop in back_begins[here]..back_begins[here + 1] - 1 loop
          there := starts[hop];
          if there > lowest and there <> origin and distance[there] = hops then
            distance[there] := distance[here] + 1;
            queue := queue || there;
          end if;
        end loop;
      end loop;
      continue when cardinality(queue) = 1;
  
      is_on_path := array_fill(false, array[parties]);
      path := array[origin];
      tried := array[begins[origin]];
      depth := 1;
      while depth > 0 loop
        here := path[depth];
        hop := tried[depth];
        if hop >= begins[here + 1] then
          is_on_path[here] := false;
          depth := depth - 1;
          continue;
        end if;
        tried[depth] := hop + 1;
        work := work + 1;
        if work > ${MAX_TRIED} then
          return next null;
          return;
        end if;
        there := ends[hop];
        if there = origin then
          if depth = hops then
            found := found + 1;
            if found > at_most then
              return next null;
              return;
            end if;
            return next (select array_agg(names[step] order by place) from unnest(path[1:depth]) with ordinality as walked (step, place));
          end if;
        elsif there > lowest and not is_on_path[there] and depth + distance[there] <= hops and depth < hops then
          depth := depth + 1;
          path[depth] := there;
          tried[depth] := begins[there];
          is_on_path[there] := true;
        end if;
      end loop;
    end loop;
  end loop;
end $body$`;
