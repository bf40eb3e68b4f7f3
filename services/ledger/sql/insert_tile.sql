-- Store a full tile.
--   log_id int, level int, index bigint, hashes bytea (256 of 32 bytes), root bytea
INSERT INTO ledger.tiles (log_id, level, index, hashes, root)
VALUES (%(log_id)s, %(level)s, %(index)s, %(hashes)s, %(root)s);
