-- List the acts that say they rely on a grant, as known then, in the order of their positions. No row: none does.
--   log_id int, known_at timestamptz, name text, after bigint, limit int
SELECT position, type, subject, actor, time, amount::text
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND authority = %(name)s
   AND known_from <= %(known_at)s
   AND position > %(after)s
 ORDER BY position
 LIMIT %(limit)s;
