-- Lay out whom the people of the case worked for, from one registration to the next.
--   log_id int, known_at timestamptz
INSERT INTO employer (person, employer, kind, starts, ends, position)
SELECT said.person, said.employer,
       (SELECT units.kind
          FROM projector.units
         WHERE units.log_id = %(log_id)s AND units.unit = said.employer AND units.kind IS NOT NULL
           AND units.known_from <= %(known_at)s
           AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
         ORDER BY units.time DESC, units.known_from DESC, units.position DESC
         LIMIT 1),
       said.time, said.ends, said.position
  FROM (SELECT persons.person, persons.employer, persons.time, persons.position,
               coalesce(lead(persons.time) OVER (PARTITION BY persons.person
                   ORDER BY persons.time, persons.known_from, persons.position), 'infinity') AS ends
          FROM projector.persons
         WHERE persons.log_id = %(log_id)s
           AND persons.person = ANY (ARRAY(SELECT hand.person FROM hand UNION SELECT term.person FROM term
                                    UNION SELECT role_term.person FROM role_term))
           AND persons.known_from <= %(known_at)s
           AND persons.position NOT IN (SELECT withdrawn.position FROM withdrawn)) AS said
 WHERE said.employer IS NOT NULL AND said.time < said.ends;
