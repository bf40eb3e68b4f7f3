-- Say whether any act was done on a project. No row: this log knows no such project.
--   log_id int, project text
SELECT 1
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = %(project)s
 LIMIT 1;
