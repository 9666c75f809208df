import { currencies, CURRENCY_TABLE_VERSION, currencyScale } from '@deal-ledger/domain';
import { CHANGES } from './changes';
import { CYCLES } from './cycles';

/** Characters that show nothing: soft hyphen, joiners, marks of direction, fillers and variation selectors. */
const IGNORABLE =
  '[\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0]';

/**
 * The functions that reports are written with, in the projection's schema. Exact decimals only.
 * They may be replaced at any time, because nothing stored depends on them.
 *
 * What is called for every row is either plain enough that Postgres writes it into the statement,
 * or in plpgsql without subqueries: a function in SQL would be planned anew for every row, as the
 * functions of the reports are for every question.
 */
export const SQL_LIBRARY: readonly string[] = [
  `create or replace function currency_scale(currency text) returns integer immutable parallel safe language sql return
     case ${scales()
       .map(([scale, codes]) => `when currency in (${codes.map((code) => `'${code}'`).join(', ')}) then ${scale}`)
       .join(' ')} end`,
  `comment on function currency_scale is 'Digits after the point that amounts of the currency have: table ${CURRENCY_TABLE_VERSION} of ISO 4217.'`,

  `create or replace function half_even(amount numeric, digits integer) returns numeric immutable strict parallel safe language plpgsql as $body$
   begin
     -- What lies exactly between two neighbours has one digit more than they have, and it is a 5.
     if scale(trim_scale(amount)) = digits + 1 and right(trim_scale(amount)::text, 1) = '5' then
       return 2 * round(0.5 * amount, digits);
     end if;
     return round(amount, digits);
   end $body$`,
  `comment on function half_even is 'The amount with so many digits after the point, rounded half to even.'`,

  // A division would be cut off before it is rounded; whole numbers divide exactly.
  `create or replace function divided(part numeric, whole numeric, digits integer) returns numeric immutable strict parallel safe language plpgsql as $body$
   declare
     minor numeric := abs(part) * ('1e' || digits)::numeric;
     quotient numeric;
     rest numeric;
   begin
     if whole = 0 then
       return null;
     end if;
     quotient := div(minor, abs(whole));
     rest := mod(minor, abs(whole));
     if 2 * rest > abs(whole) or (2 * rest = abs(whole) and mod(quotient, 2) = 1) then
       quotient := quotient + 1;
     end if;
     return round(sign(part) * sign(whole) * quotient * ('1e-' || digits)::numeric, digits);
   end $body$`,
  `comment on function divided is 'The exact quotient with so many digits after the point, rounded half to even; null when the whole is nothing.'`,

  `create or replace function ratio(part numeric, whole numeric) returns numeric immutable strict parallel safe language plpgsql as $body$
   begin
     return divided(part, whole, 4);
   end $body$`,
  `comment on function ratio is 'The exact quotient with 4 digits after the point, rounded half to even; null when the whole is nothing.'`,

  `create or replace function converted(amount numeric, rate numeric, is_inverse boolean, digits integer) returns numeric
   immutable strict parallel safe language plpgsql as $body$
   begin
     if is_inverse then
       return divided(amount, rate, digits);
     end if;
     return half_even(amount * rate, digits);
   end $body$`,
  `comment on function converted is 'The amount at a rate, or at its inverse, rounded once, half to even; null without a rate.'`,

  `create or replace function joined(parties jsonb) returns text immutable strict parallel safe language plpgsql as $body$
   declare
     names text := parties ->> 0;
   begin
     for place in 1 .. jsonb_array_length(parties) - 1 loop
       names := names || '+' || (parties ->> place);
     end loop;
     return names;
   end $body$`,
  `comment on function joined is 'Several parties that are one side: a+b, in their order.'`,

  `create or replace function fiscal_year(day date, first_month integer) returns integer immutable parallel safe language plpgsql as $body$
   begin
     if first_month is null or first_month not between 1 and 12 then
       raise invalid_parameter_value using message = format('there is no month %s that a fiscal year could begin in', first_month), hint = 'Give a month from 1 to 12.';
     end if;
     return extract(year from day - make_interval(months => first_month - 1));
   end $body$`,
  `comment on function fiscal_year is 'The calendar year in which the fiscal year of the day begins.'`,

  `create or replace function cut(total numeric, shares jsonb, digits integer) returns table (party_id text, amount numeric)
   immutable parallel safe language sql as $body$
     with part as (
       select share ->> 'partyId' as party_id, place, (share ->> 'share')::numeric * total * ('1e' || digits)::numeric as minor
       from jsonb_array_elements(shares) with ordinality as listed (share, place)
     ),
     ranked as (
       select party_id, floor(minor) as whole, row_number() over (order by minor - floor(minor) desc, place) as turn,
         sum(minor - floor(minor)) over () as left_over
       from part
     )
     select party_id, (whole + case when turn <= left_over then 1 else 0 end) * ('1e-' || digits)::numeric from ranked
   $body$`,
  `comment on function cut is 'What each party has of a total by its share: rounded down, what is left over unit by unit to the largest fractions, of equals to the earliest.'`,

  `create or replace function as_compared(name text) returns text immutable parallel safe language sql return
     -- What is ASCII needs none of it, and most is.
     case when octet_length(name) = char_length(name) then lower(name collate pg_catalog.pg_unicode_fast)
       else casefold(normalize(regexp_replace(normalize(name, NFKC), '${IGNORABLE}', '', 'g'), NFKC) collate pg_catalog.pg_unicode_fast) end`,
  `comment on function as_compared is 'The name as it is compared, in any script: NFKC, without case and without what does not show.'`,

  `create or replace function grouped(amount numeric) returns text immutable strict parallel safe language plpgsql as $body$
   begin
     return to_char(trunc(amount), 'FM999,999,999,999,999,999,999,999,999,990')
       || case when scale(amount) > 0 then '.' || split_part(amount::text, '.', 2) else '' end;
   end $body$`,
  `comment on function grouped is 'The amount for people: 7,000,000,000.50'`,

  `create or replace function told(said json) returns text immutable strict parallel safe language plpgsql as $body$
   declare
     text text := '';
     name text;
     member json;
     shown text;
   begin
     case json_typeof(said)
       when 'object' then
         -- An amount and its unit are one figure.
         if coalesce(said ->> 'currency', said ->> 'unit') is not null and coalesce(said ->> 'amount', said ->> 'value') ~ '^-?\\d+(\\.\\d+)?$' then
           return grouped(coalesce(said ->> 'amount', said ->> 'value')::numeric) || ' ' || coalesce(said ->> 'currency', said ->> 'unit');
         end if;
         for name, member in select key, value from json_each(said) where value::text not in ('null', '[]', '{}') loop
           shown := told(member);
           text := text || case when text = '' then '' else ', ' end || name || ' '
             || case when json_typeof(member) = 'object' and strpos(shown, ', ') > 0 then '(' || shown || ')' else shown end;
         end loop;
         return text;
       when 'array' then
         for member in select value from json_array_elements(said) loop
           text := text || case when text = '' then '' when json_typeof(member) = 'object' then '; ' else '+' end || told(member);
         end loop;
         return text;
       else
         return said #>> '{}';
     end case;
   end $body$`,
  `comment on function told is 'What was posted, for people: names and values in the order posted, amounts with their currency or unit.'`,

  `create or replace function refers_to(said json, id text) returns boolean immutable parallel safe language plpgsql as $body$
   begin
     return coalesce(jsonb_path_exists(
       said::jsonb,
       '$.** ? (@.type() == "object").keyvalue() ? (@.key like_regex "(Id|Ids)$|^(providers|receivers|participants|by|reciprocalOf)$").value[*] ? (@ == $id)',
       jsonb_build_object('id', id), true
     ), false);
   end $body$`,
  `comment on function refers_to is 'Whether what was posted names the id, at any depth: of a stream, or of something inside one.'`,

  CHANGES,
  `comment on function changes_between is 'What is not the same in two documents: the smallest parts that differ, as JSON pointers with both values, null where there is none.'`,

  CYCLES,
  `comment on function cycles is 'The ways over hops that lead back to where they began, each once; then a row of null when there may be more.'`,

  // A misspelt filter would otherwise pass for no filter, and give every row.
  `create or replace function refuse_unanswerable(
     as_of bigint, as_of_ordinal integer, effective_on date, reporting_currency text, fx_policy text, filter jsonb, known_filters text[]
   ) returns boolean stable language plpgsql as $body$
   declare
     projected bigint := (select next_position - 1 from progress);
     strange text := (select string_agg(name, ', ' order by name) from jsonb_object_keys(filter) as name where name <> all (known_filters));
   begin
     if as_of > projected then
       raise invalid_parameter_value using message = format('position %s was asked for, the ledger is projected up to %s', as_of, projected),
         hint = 'Ask for that or an earlier position, or leave as_of away for all that is known.';
     end if;
     if as_of is null and as_of_ordinal is not null then
       raise invalid_parameter_value using message = 'as_of_ordinal is a place within the commit at as_of, which is missing', hint = 'Give as_of as well.';
     end if;
     if effective_on is null then
       raise invalid_parameter_value using message = 'effective_on is null', hint = 'Give a date, or leave it away for today.';
     end if;
     if reporting_currency is not null and currency_scale(reporting_currency) is null then
       raise invalid_parameter_value using message = format('%s is no active ISO 4217 currency', reporting_currency), hint = 'Write for example USD.';
     end if;
     if fx_policy is null or fx_policy not in ('standard', 'closing') then
       raise invalid_parameter_value using message = format('there is no fx_policy %s', fx_policy), hint = 'Give standard or closing.';
     end if;
     if strange is not null then
       raise invalid_parameter_value using message = format('there is no filter %s', strange), hint = 'There are: ' || array_to_string(known_filters, ', ');
     end if;
     return true;
   end $body$`,
  `comment on function refuse_unanswerable is 'Refuses a question to a report that has no answer, or not the one that is meant.'`,
  `create or replace function refuse_other_than(name text, value text, known text[]) returns boolean immutable language plpgsql as $body$
   begin
     if value is null or value <> all (known) then
       raise invalid_parameter_value using message = format('there is no %s %s', name, value), hint = 'There are: ' || array_to_string(known, ', ');
     end if;
     return true;
   end $body$`,
  `comment on function refuse_other_than is 'Refuses a word that is none of the known ones.'`,
];

function scales(): [scale: number, codes: string[]][] {
  const byScale = new Map<number, string[]>();
  for (const code of currencies()) {
    const scale = currencyScale(code) ?? 0;
    byScale.set(scale, [...(byScale.get(scale) ?? []), code]);
  }
  return [...byScale];
}
