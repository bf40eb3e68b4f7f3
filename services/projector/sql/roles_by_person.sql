-- Read the duties assigned to these people, and their releases. No row: none ever was.
--   log_id int, references text[]
SELECT person, holds, role, unit, project, starts, ends, is_end, known_from, position
  FROM projector.terms
 WHERE log_id = %(log_id)s
   AND person = ANY (%(references)s::text[])
   AND post IS NULL
 ORDER BY position;
