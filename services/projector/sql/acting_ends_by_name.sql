-- Read the ends of appointments of these names; a name is its subject's own. No row: none was ended.
--   log_id int, references text[]
SELECT name, subject, time, known_from, position
  FROM projector.acting_ends
 WHERE log_id = %(log_id)s
   AND name = ANY (%(references)s::text[])
 ORDER BY position;
