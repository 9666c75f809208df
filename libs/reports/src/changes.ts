/** The function `changes_between`. */
export const CHANGES = `create or replace function changes_between(before jsonb, after jsonb, pointer text default '') returns jsonb immutable parallel safe language plpgsql as $body$
   declare
     changes jsonb := '[]';
     part text;
   begin
     if before = after or (before is null and after is null) then
       return changes;
     end if;
     case
       when jsonb_typeof(before) = 'object' and jsonb_typeof(after) = 'object' then
         for part in
           select name collate "C" from (select jsonb_object_keys(before) union select jsonb_object_keys(after)) as named (name) order by 1
         loop
           changes := changes || changes_between(before -> part, after -> part, pointer || '/' || replace(replace(part, '~', '~0'), '/', '~1'));
         end loop;
       when jsonb_typeof(before) = 'array' and jsonb_typeof(after) = 'array' then
         for place in 0 .. greatest(jsonb_array_length(before), jsonb_array_length(after)) - 1 loop
           changes := changes || changes_between(before -> place, after -> place, pointer || '/' || place);
         end loop;
       else
         changes := jsonb_build_array(jsonb_build_object('pointer', pointer, 'before', before, 'after', after));
     end case;
     return changes;
   end $body$`;
