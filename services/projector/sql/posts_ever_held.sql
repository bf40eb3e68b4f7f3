-- List the posts that any of these people ever was in, as known then. No row: none.
--   log_id int, known_at timestamptz, who text[]
SELECT DISTINCT post
  FROM projector.terms
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND person = ANY (%(who)s::text[])
   AND post IS NOT NULL
   AND NOT is_end;
