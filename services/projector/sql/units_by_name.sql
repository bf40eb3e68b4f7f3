-- Read what was said of these units. No row: none is registered.
--   log_id int, references text[]
SELECT unit, parent, time, known_from, position
  FROM projector.units
 WHERE log_id = %(log_id)s
   AND unit = ANY (%(references)s::text[])
 ORDER BY position;
