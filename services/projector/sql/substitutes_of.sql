-- List who was ever appointed to act for these people, as known then. No row: nobody.
--   log_id int, known_at timestamptz, who text[]
SELECT DISTINCT substitute
  FROM projector.actings
 WHERE log_id = %(log_id)s
   AND principal = ANY (%(who)s::text[])
   AND known_from <= %(known_at)s;
