-- Lock the head of a log: whoever holds this row decides what comes next. No row: the log was never founded.
--   log_id int
SELECT size, root, frontier, recorded_at, clock_timestamp(), frozen_reason, successor
  FROM ledger.heads
 WHERE log_id = %(log_id)s
   FOR UPDATE;
