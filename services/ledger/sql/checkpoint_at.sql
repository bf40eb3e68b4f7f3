-- Read the tree head signed at one size. No row: none was signed there.
--   log_id int, size bigint
SELECT size, root, note
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
   AND size = %(size)s;
