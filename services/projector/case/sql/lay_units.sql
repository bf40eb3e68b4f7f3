-- Lay out the units that are judged themselves, with their kind as said last.
--   log_id int, known_at timestamptz, units text[]
INSERT INTO unit (unit, kind)
SELECT DISTINCT ON (units.unit) units.unit, units.kind
  FROM projector.units
 WHERE units.log_id = %(log_id)s
   AND units.unit = ANY (%(units)s::text[])
   AND units.known_from <= %(known_at)s
   AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
 ORDER BY units.unit, units.time DESC, units.known_from DESC, units.position DESC;
