-- Read what these units ever adopted, with what was erased since. No row: none of them adopted a policy.
--   log_id int, references text[]
SELECT unit, policy, position, known_from, time, starts, ends, data::text
  FROM projector.unit_policies
 WHERE log_id = %(log_id)s
   AND unit = ANY (%(references)s::text[])
 ORDER BY position;
