-- Store full tiles, each once and for ever.
--   log_id int, levels int[], indexes bigint[], hashes bytea[] (each 256 of 32 bytes), roots bytea[] (of equal length)
INSERT INTO ledger.tiles (log_id, level, index, hashes, root)
SELECT %(log_id)s, full_tile.*
  FROM unnest(%(levels)s::int[], %(indexes)s::bigint[], %(hashes)s::bytea[], %(roots)s::bytea[]) AS full_tile;
