-- Read one act. No row: the log is shorter.
--   log_id int, position bigint
SELECT position, leaf, leaf_hash, salt, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position = %(position)s;
