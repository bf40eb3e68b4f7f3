-- Lay out which people of the case are registered.
--   log_id int, known_at timestamptz
INSERT INTO registered (person)
SELECT DISTINCT persons.person
  FROM projector.persons
 WHERE persons.log_id = %(log_id)s
   AND persons.person = ANY (ARRAY(SELECT DISTINCT hand.person FROM hand))
   AND persons.known_from <= %(known_at)s
   AND persons.position NOT IN (SELECT withdrawn.position FROM withdrawn);
