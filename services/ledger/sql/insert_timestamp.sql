-- Keep a time stamp of a signed tree head. Where another process has one of the same authority already, that one stays.
--   log_id int, size bigint, authority text, response bytea, chain bytea[], stamped_at timestamptz,
--   certificate_until timestamptz
INSERT INTO ledger.timestamps (log_id, size, authority, response, chain, stamped_at, certificate_until)
VALUES (%(log_id)s, %(size)s, %(authority)s, %(response)s, %(chain)s, %(stamped_at)s, %(certificate_until)s)
ON CONFLICT (log_id, size, authority) DO NOTHING;
