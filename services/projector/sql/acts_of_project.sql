-- List the positions of every act of a project, whenever it was known. No row: there is no such project.
--   log_id int, project text
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = %(project)s
 ORDER BY position;
