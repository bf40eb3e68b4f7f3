-- Read a full tile. No row: it is not stored.
--   log_id int, level int, index bigint
SELECT hashes, root
  FROM ledger.tiles
 WHERE log_id = %(log_id)s
   AND level = %(level)s
   AND index = %(index)s;
