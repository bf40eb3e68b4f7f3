-- Find what was paid on these projects. No row: nothing was.
--   log_id int, known_at timestamptz, projects text[]
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = ANY (%(projects)s::text[])
   AND type = 'pay.execute'
   AND known_from <= %(known_at)s
 ORDER BY position;
