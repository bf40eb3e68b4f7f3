-- Read several acts. A position without a row lies beyond the log.
--   log_id int, positions bigint[]
SELECT position, leaf, leaf_hash, salt, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position = ANY (%(positions)s)
 ORDER BY position;
