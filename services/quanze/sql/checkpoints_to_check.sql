-- Read every tree head ever signed, the smallest first.
--   log_id int
SELECT size, root, note
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
 ORDER BY size;
