-- Read the corrections in force, as known then, of acts by position, in the order in which they apply. No row: none of
-- them was corrected.
--   log_id int, known_at timestamptz, positions bigint[]
SELECT position, void, fields::text AS fields
  FROM projector.corrections_at(%(log_id)s, %(known_at)s)
 WHERE position = ANY (%(positions)s::bigint[])
 ORDER BY known_from, "by";
