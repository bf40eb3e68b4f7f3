-- Read the leaves of a stretch of positions, both ends included. Fewer rows: the log is shorter.
--   log_id int, first bigint, last bigint
SELECT position, leaf, leaf_hash
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position BETWEEN %(first)s AND %(last)s
 ORDER BY position;
