-- Read every act in the order of its position.
--   log_id int
SELECT position, source, id, type, tags, leaf, leaf_hash, salt, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
 ORDER BY position;
