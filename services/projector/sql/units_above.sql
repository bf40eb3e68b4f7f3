-- Read what was said of these units and of those above them, as known then. No row: none is registered.
--   log_id int, known_at timestamptz, units text[]
WITH RECURSIVE above (unit, depth) AS (
    SELECT unnest(%(units)s::text[]), 1
     UNION
    SELECT units.parent, above.depth + 1
      FROM above
      JOIN projector.units
        ON units.log_id = %(log_id)s
       AND units.unit = above.unit
     WHERE units.known_from <= %(known_at)s
       AND units.parent IS NOT NULL
       AND above.depth < 64
)
SELECT unit, parent, time, known_from, position
  FROM projector.units
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND unit IN (SELECT unit FROM above)
 ORDER BY position;
