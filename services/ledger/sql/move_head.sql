-- Move the head after the entries of this transaction, and wake whoever follows this log once it is committed.
--   log_id int, size bigint, root bytea, frontier bytea, recorded_at timestamptz
WITH moved AS (
    UPDATE ledger.heads
       SET size = %(size)s, root = %(root)s, frontier = %(frontier)s, recorded_at = %(recorded_at)s
     WHERE log_id = %(log_id)s
    RETURNING log_id
)
SELECT pg_notify('ledger_feed', log_id::text) FROM moved;
