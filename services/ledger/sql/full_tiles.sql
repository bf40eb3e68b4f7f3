-- Read full tiles. A tile without a row is not full yet.
--   log_id int, levels int[], indexes bigint[] (of equal length)
SELECT tile.level, tile.index, tile.hashes
  FROM unnest(%(levels)s::int[], %(indexes)s::bigint[]) AS wanted (level, index)
  JOIN ledger.tiles AS tile
    ON tile.log_id = %(log_id)s AND tile.level = wanted.level AND tile.index = wanted.index;
