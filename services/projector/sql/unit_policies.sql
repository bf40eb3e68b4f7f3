-- Read what these units adopted, as known then, with what was erased since. No row: none of them adopted a policy.
--   log_id int, known_at timestamptz, units text[]
SELECT unit, policy, position, known_from, time, starts, ends, data::text
  FROM projector.unit_policies
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND unit = ANY (%(units)s::text[])
 ORDER BY position;
