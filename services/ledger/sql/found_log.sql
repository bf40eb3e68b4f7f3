-- Found a log: its identity, its first key and an empty tree. No row: a log of this origin is there.
--   origin text, vkey text, empty_root bytea
WITH log AS (
    INSERT INTO ledger.logs (log_id, origin)
    SELECT coalesce(max(log_id), 0) + 1, %(origin)s FROM ledger.logs
    ON CONFLICT (origin) DO NOTHING
    RETURNING log_id
), key AS (
    INSERT INTO ledger.keys (log_id, vkey, from_size) SELECT log_id, %(vkey)s, 0 FROM log
)
INSERT INTO ledger.heads (log_id, size, root, frontier, recorded_at)
SELECT log_id, 0, %(empty_root)s, '', 'epoch' FROM log
RETURNING log_id;
