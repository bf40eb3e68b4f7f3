-- Read the head of a log: how many acts it has, and their root. No row: the log was never founded.
--   log_id int
SELECT size, root
  FROM ledger.heads
 WHERE log_id = %(log_id)s;
