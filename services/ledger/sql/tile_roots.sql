-- Read the roots of a stretch of full tiles, both ends included: they are hashes of the level above.
--   log_id int, level int, first bigint, last bigint
SELECT root
  FROM ledger.tiles
 WHERE log_id = %(log_id)s
   AND level = %(level)s
   AND index BETWEEN %(first)s AND %(last)s
 ORDER BY index;
