-- Read the next acts of a log, in the order of their positions. No row: there is none yet.
--   log_id int, after bigint, limit int
SELECT position, leaf, payload
  FROM ledger.feed_v1
 WHERE log_id = %(log_id)s
   AND position > %(after)s
 ORDER BY position
 LIMIT %(limit)s;
