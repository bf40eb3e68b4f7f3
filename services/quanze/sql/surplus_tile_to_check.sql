-- Find a stored tile that a tree of so many acts does not have. No row: there is none.
-- Eight levels hold any number of acts that a bigint counts; a shift by 64 would be one by 0.
--   log_id int, size bigint
SELECT level, index
  FROM ledger.tiles
 WHERE log_id = %(log_id)s
   AND (level NOT BETWEEN 0 AND 6
        OR index < 0
        OR index >= %(size)s::bigint >> (8 * (level + 1)))
 ORDER BY level, index
 LIMIT 1;
