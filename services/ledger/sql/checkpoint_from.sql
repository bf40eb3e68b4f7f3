-- Read the smallest tree head signed at this size or later. No row: none was.
--   log_id int, size bigint
SELECT size, root, note
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
   AND size >= %(size)s
 ORDER BY size
 LIMIT 1;
