-- Say whether an act was withdrawn: an act.correct with `void` names its key. No row: it was not.
--   log_id int, source text, id text
SELECT position
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND type = 'act.correct'
   AND convert_from(payload, 'UTF8')::jsonb @> jsonb_build_object('data', jsonb_build_object(
           'void', true, 'corrects', jsonb_build_object('source', %(source)s::text, 'id', %(id)s::text)))
 LIMIT 1;
