-- Keep what a witness said of a signed head. What it said first stays.
--   log_id int, size bigint, vkey text, line text, cosigned_at timestamptz
INSERT INTO ledger.cosignatures (log_id, size, vkey, line, cosigned_at)
VALUES (%(log_id)s, %(size)s, %(vkey)s, %(line)s, %(cosigned_at)s)
ON CONFLICT (log_id, size, vkey) DO NOTHING;
