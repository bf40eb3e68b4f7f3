-- Find the acts of a project that may need a grant: those of certain types, and those that say what they rely on.
-- Up to a page of positions after one of them. No row: there is none left.
--   log_id int, known_at timestamptz, project text, types text[], after bigint, limit int
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = %(project)s
   AND known_from <= %(known_at)s
   AND position > %(after)s
   AND (type = ANY (%(types)s) OR authority IS NOT NULL)
 ORDER BY position
 LIMIT %(limit)s;
