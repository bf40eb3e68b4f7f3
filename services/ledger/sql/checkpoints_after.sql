-- Read the tree heads that were signed for sizes above one, the smallest first.
--   log_id int, after bigint, limit int
SELECT size, root, note, signed_at
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
   AND size > %(after)s
 ORDER BY size
 LIMIT %(limit)s;
