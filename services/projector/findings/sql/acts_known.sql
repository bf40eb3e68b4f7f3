-- Read when these acts were done and known.
--   log_id int, positions bigint[]
SELECT position, time, known_from
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND position = ANY (%(positions)s::bigint[]);
