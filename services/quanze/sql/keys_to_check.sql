-- Read the verifier keys a log names as its own, the oldest first.
--   log_id int
SELECT vkey
  FROM ledger.keys
 WHERE log_id = %(log_id)s
 ORDER BY from_size, added_at;
