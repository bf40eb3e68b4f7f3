-- Read acts by position, each with what it says. No row for a position: no such act. Content is NULL once erased.
--   log_id int, positions bigint[]
SELECT position, type, time, known_from, asserted, subject, project, unit, actor, role, authority, onbehalfof,
       data::text AS data
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND position = ANY (%(positions)s::bigint[])
 ORDER BY position;
