-- Read the acts after a position, with the content of those that say who people, units and grants are, or for whom a
-- system acted. No row: there is none.
--   log_id int, after bigint
SELECT type, subject, unit, ARRAY[actor, authority, onbehalfof],
       CASE WHEN stage IN ('SETUP', 'AUTHORITY') OR class = 'R' OR actor LIKE 'system:%%' THEN data::text END
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND position > %(after)s
 ORDER BY position;
