-- List what was paid on projects by `as_of`, as known then. No row: nothing was.
--   log_id int, known_at timestamptz, as_of timestamptz, projects text[]
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = ANY (%(projects)s::text[])
   AND type = 'pay.execute'
   AND time <= %(as_of)s
   AND known_from <= %(known_at)s;
