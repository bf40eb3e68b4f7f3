-- List the grants that name no parent and that one of these may have made, as known then: each rests on a root of its
-- grantor. No row: none.
--   log_id int, known_at timestamptz, grantors text[]
SELECT DISTINCT name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND parent IS NULL
   AND NOT is_root
   AND grantor = ANY (%(grantors)s::text[]);
