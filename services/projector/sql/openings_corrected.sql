-- Find the projects whose opening anybody ever corrected. No row: none.
--   log_id int
SELECT DISTINCT projects.project
  FROM projector.corrections AS said
  JOIN projector.acts
    ON acts.log_id = said.log_id
   AND acts.source = said.target_source
   AND acts.id = said.target_id
  JOIN projector.projects
    ON projects.log_id = acts.log_id
   AND projects.position = acts.position
 WHERE said.log_id = %(log_id)s;
