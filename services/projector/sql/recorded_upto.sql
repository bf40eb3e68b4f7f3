-- Read up to which position the ledger has recorded acts, whether they are read already or not. Always a row.
--   log_id int
SELECT coalesce(max(position), 0)
  FROM ledger.feed_v1
 WHERE log_id = %(log_id)s;
