-- List the positions of the packs in force. No row: the shipped catalogue is all.
--   log_id int
SELECT position
  FROM projector.packs
 WHERE log_id = %(log_id)s
 ORDER BY position;
