-- Read the size of a log: the position of its last act. No row: no such log.
--   log_id int
SELECT size
  FROM ledger.heads
 WHERE log_id = %(log_id)s;
