-- Read where the corrections in force of one act stand, as known then, in the order in which they apply. No row: it was
-- not corrected.
--   log_id int, known_at timestamptz, position bigint
SELECT "by"
  FROM projector.corrections_at(%(log_id)s, %(known_at)s)
 WHERE position = %(position)s
 ORDER BY known_from, "by";
