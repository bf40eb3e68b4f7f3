-- List units with what was said of them last by `as_of`, as known then, in the order of their code points. No row: there
-- are no more.
--   log_id int, known_at timestamptz, as_of timestamptz, q text (NULL: any; part of the name or reference), after text,
--   limit int
SELECT listed.unit, listed.name, listed.parent, listed.kind, listed.jurisdiction, listed.position
  FROM (SELECT DISTINCT ON (units.unit) units.unit, acts.data ->> 'name' AS name, units.parent, units.kind,
               acts.data ->> 'jurisdiction' AS jurisdiction, units.position
          FROM projector.units
          JOIN projector.acts
            ON acts.log_id = units.log_id
           AND acts.position = units.position
         WHERE units.log_id = %(log_id)s
           AND units.known_from <= %(known_at)s
           AND units.time <= %(as_of)s
           AND units.position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
         ORDER BY units.unit, units.time DESC, units.known_from DESC, units.position DESC) AS listed
 WHERE listed.unit COLLATE "C" > %(after)s
   AND (%(q)s::text IS NULL
        OR strpos(lower(listed.name), lower(%(q)s)) > 0
        OR strpos(lower(listed.unit), lower(%(q)s)) > 0)
 ORDER BY listed.unit COLLATE "C"
 LIMIT %(limit)s;
