-- Read for whom these people were said to work. No row: none of them is registered.
--   log_id int, references text[]
SELECT person, employer, time, known_from, position
  FROM projector.persons
 WHERE log_id = %(log_id)s
   AND person = ANY (%(references)s::text[])
 ORDER BY position;
