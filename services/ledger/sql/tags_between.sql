-- Read the types and tags of acts, from after one position up to another, in their order.
--   log_id int, after bigint, last bigint
SELECT position, type, tags
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position > %(after)s
   AND position <= %(last)s
 ORDER BY position;
