-- Read the grants made to these people, posts and bodies. No row: there is none.
--   log_id int, references text[]
SELECT name, position, known_from, asserted, time, is_root, parent, actor, grantor, grantee, unit, starts, ends,
       payload::text
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND grantee = ANY (%(references)s::text[])
 ORDER BY position;
