-- Move the head after the entries of this transaction.
--   log_id int, size bigint, root bytea, frontier bytea, recorded_at timestamptz
UPDATE ledger.heads
   SET size = %(size)s, root = %(root)s, frontier = %(frontier)s, recorded_at = %(recorded_at)s
 WHERE log_id = %(log_id)s;
