-- Freeze a log where it stands: nothing is appended any more. No row: it is frozen already, or was never founded.
--   log_id int, reason text
UPDATE ledger.heads
   SET frozen_at = clock_timestamp(), frozen_reason = %(reason)s
 WHERE log_id = %(log_id)s
   AND frozen_at IS NULL
RETURNING size;
