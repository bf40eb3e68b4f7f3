-- Read where registrations of these units say that they are. No row: none of them is registered.
--   log_id int, references text[]
SELECT units.unit, acts.data ->> 'jurisdiction' AS jurisdiction, units.time, units.known_from, units.position
  FROM projector.units
  JOIN projector.acts ON acts.log_id = units.log_id AND acts.position = units.position
 WHERE units.log_id = %(log_id)s
   AND units.unit = ANY (%(references)s::text[])
 ORDER BY units.position;
