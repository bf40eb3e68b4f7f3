-- Find the acts of these types that these people did within a stretch of time. No row: none.
--   log_id int, known_at timestamptz, who text[], types text[], since timestamptz, until timestamptz
SELECT DISTINCT position
  FROM projector.duties
 WHERE log_id = %(log_id)s
   AND actor = ANY (%(who)s::text[])
   AND type = ANY (%(types)s::text[])
   AND time BETWEEN %(since)s AND %(until)s
   AND known_from <= %(known_at)s
 ORDER BY position;
