-- Read the largest tree head that was signed. No row: none was.
--   log_id int
SELECT size, root, note
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
 ORDER BY size DESC
 LIMIT 1;
