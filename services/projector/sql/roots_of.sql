-- Read the roots of these holders, as known then. No row: nothing original was vested in any of them.
--   log_id int, known_at timestamptz, holders text[]
SELECT name, position, known_from, asserted, time, is_root, parent, actor, grantor, grantee, unit, starts, ends,
       payload::text
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND grantee = ANY (%(holders)s::text[])
   AND is_root
 ORDER BY position;
