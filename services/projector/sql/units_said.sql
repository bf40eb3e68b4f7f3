-- Read what was said of units last by `as_of`, as known then: of these, or of all that ever named one of these as their
-- parent. No row: nobody registered any.
--   log_id int, known_at timestamptz, as_of timestamptz, units text[], parents text[]
SELECT DISTINCT ON (units.unit) units.unit, acts.data ->> 'name', units.parent, units.kind, acts.data ->> 'jurisdiction',
       units.position
  FROM projector.units
  JOIN projector.acts
    ON acts.log_id = units.log_id
   AND acts.position = units.position
 WHERE units.log_id = %(log_id)s
   AND units.known_from <= %(known_at)s
   AND units.time <= %(as_of)s
   AND (units.unit = ANY (%(units)s::text[])
        OR units.unit IN (SELECT child.unit
                            FROM projector.units AS child
                           WHERE child.log_id = %(log_id)s
                             AND child.known_from <= %(known_at)s
                             AND child.parent = ANY (%(parents)s::text[])))
   AND units.position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
 ORDER BY units.unit, units.time DESC, units.known_from DESC, units.position DESC;
