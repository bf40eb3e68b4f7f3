-- Write acts in bulk, in the order of their positions.
COPY ledger.entries (log_id, position, source, id, type, tags, leaf, leaf_hash, salt, payload)
FROM STDIN (FORMAT BINARY)
