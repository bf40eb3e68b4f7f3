-- List the grants made to any of these holders, as known then. No row: none.
--   log_id int, known_at timestamptz, holders text[]
SELECT DISTINCT name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND grantee = ANY (%(holders)s::text[]);
