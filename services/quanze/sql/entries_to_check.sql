-- Read every act after a position, in their order.
--   log_id int, after bigint
SELECT position, source, id, type, tags, leaf, leaf_hash, salt, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position > %(after)s
 ORDER BY position;
