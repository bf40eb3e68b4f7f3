-- Add a key from the act on that announces it. No row: it is there already.
--   log_id int, vkey text, from_size bigint
INSERT INTO ledger.keys (log_id, vkey, from_size)
VALUES (%(log_id)s, %(vkey)s, %(from_size)s)
ON CONFLICT (log_id, vkey) DO NOTHING
RETURNING from_size;
