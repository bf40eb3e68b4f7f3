-- Read whether a log is frozen, since when and why, and who goes on. No row: the log was never founded.
--   log_id int
SELECT size, frozen_at, frozen_reason, successor
  FROM ledger.heads
 WHERE log_id = %(log_id)s;
