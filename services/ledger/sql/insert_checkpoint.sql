-- Keep a signed tree head. No row comes back when another process signed this size first: take theirs.
--   log_id int, size bigint, root bytea, note text
INSERT INTO ledger.checkpoints (log_id, size, root, note)
VALUES (%(log_id)s, %(size)s, %(root)s, %(note)s)
ON CONFLICT (log_id, size) DO NOTHING
RETURNING size;
