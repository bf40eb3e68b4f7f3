-- Read for whom people worked at `as_of`, as known then: what was registered of each last. No row for a person: nobody
-- registered them by then.
--   log_id int, known_at timestamptz, as_of timestamptz, persons text[]
SELECT DISTINCT ON (person) person, employer, position
  FROM projector.persons
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND time <= %(as_of)s
   AND person = ANY (%(persons)s::text[])
   AND position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
 ORDER BY person, time DESC, known_from DESC, position DESC;
