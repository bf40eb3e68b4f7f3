-- Say that a key signed nothing larger than the head of this moment, and signs no more. No row: that is said already.
--   log_id int, vkey text
INSERT INTO ledger.retired_keys (log_id, vkey, until_size)
SELECT log_id, %(vkey)s, size
  FROM ledger.heads
 WHERE log_id = %(log_id)s
ON CONFLICT (log_id, vkey) DO NOTHING
RETURNING until_size;
