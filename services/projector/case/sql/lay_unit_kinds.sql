-- Lay out what kind of unit those of the case are.
--   log_id int, known_at timestamptz
INSERT INTO unit_kind (unit, kind, starts, ends)
SELECT said.unit, said.kind, CASE WHEN said.ordinal = 1 THEN '-infinity' ELSE said.time END, said.ends
  FROM (SELECT units.unit, units.kind, units.time,
               row_number() OVER by_time AS ordinal,
               coalesce(lead(units.time) OVER by_time, 'infinity') AS ends
          FROM projector.units
         WHERE units.log_id = %(log_id)s
           AND units.unit IN (SELECT act.unit FROM act)
           AND units.kind IS NOT NULL
           AND units.known_from <= %(known_at)s
           AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
        WINDOW by_time AS (PARTITION BY units.unit ORDER BY units.time, units.known_from, units.position)) AS said
 WHERE said.ordinal = 1 OR said.time < said.ends;
