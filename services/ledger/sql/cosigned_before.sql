-- Read which sizes below one were cosigned and under which keys, the largest first. No row: none.
--   log_id int, before bigint, limit int
SELECT size, array_agg(vkey)
  FROM ledger.cosignatures
 WHERE log_id = %(log_id)s
   AND size < %(before)s
 GROUP BY size
 ORDER BY size DESC
 LIMIT %(limit)s;
