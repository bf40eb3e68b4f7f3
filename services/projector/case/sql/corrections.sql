-- Read the members that corrections in force replace, of acts that stand, in the order in which they were known. No
-- row: nothing is corrected.
--   log_id int, known_at timestamptz
SELECT said.position, acts.type, acts.data::text, said.fields::text
  FROM projector.corrections_at(%(log_id)s, %(known_at)s) AS said
  JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.position = said.position
 WHERE NOT said.void
   AND acts.data IS NOT NULL
   AND said.position NOT IN (SELECT withdrawn.position FROM withdrawn)
 ORDER BY said.known_from, said.by;
