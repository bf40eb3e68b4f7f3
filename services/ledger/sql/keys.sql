-- Read the keys a log ever signed with, the oldest first.
--   log_id int
SELECT vkey, from_size, added_at
  FROM ledger.keys
 WHERE log_id = %(log_id)s
 ORDER BY from_size, added_at;
