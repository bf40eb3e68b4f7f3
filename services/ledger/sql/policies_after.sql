-- Read the policies of units that the log holds after a position, in their order. `payload` is NULL once erased.
--   log_id int, after bigint
SELECT position, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position > %(after)s
   AND type = 'setup.policy'
 ORDER BY position;
