-- Read where the corrections in force of these acts stand, as known then, for each act in the order in which they apply.
-- No row: none was corrected.
--   log_id int, known_at timestamptz, positions bigint[]
SELECT position, "by"
  FROM projector.corrections_at(%(log_id)s, %(known_at)s)
 WHERE position = ANY (%(positions)s)
 ORDER BY known_from, "by";
