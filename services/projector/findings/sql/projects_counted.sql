-- Count the projects of the log.
--   log_id int
SELECT count(DISTINCT project)
  FROM projector.projects
 WHERE log_id = %(log_id)s;
