-- Read the roots vested and the grants made on behalf of these units. No row: none is.
--   log_id int, references text[]
SELECT name, position, known_from, asserted, time, is_root, parent, actor, grantor, grantee, unit, starts, ends,
       payload::text
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND unit = ANY (%(references)s::text[])
 ORDER BY position;
