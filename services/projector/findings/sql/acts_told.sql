-- Read what these acts are: to name them in words.
--   log_id int, positions bigint[]
SELECT position, type, time, actor, source, id
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND position = ANY (%(positions)s::bigint[])
 ORDER BY time, position;
