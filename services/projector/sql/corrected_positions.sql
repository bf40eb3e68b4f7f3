-- Find where the acts stand that anybody ever corrected. No row: none was.
--   log_id int
SELECT acts.position
  FROM projector.corrections AS said
  JOIN projector.acts
    ON acts.log_id = said.log_id
   AND acts.source = said.target_source
   AND acts.id = said.target_id
 WHERE said.log_id = %(log_id)s;
