-- Read the packs in force, in the order they came.
--   log_id int
SELECT position, data
  FROM projector.packs
 WHERE log_id = %(log_id)s
 ORDER BY position;
