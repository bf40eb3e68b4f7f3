-- Read the grants of these names; a name may have several rows. No row: there is none.
--   log_id int, references text[]
SELECT name, position, known_from, asserted, time, is_root, parent, actor, grantor, grantee, unit, starts, ends,
       payload::text
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND name = ANY (%(references)s::text[])
 ORDER BY position;
