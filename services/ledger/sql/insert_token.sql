-- Add a token. Only its digest is kept.
--   log_id int, token_id text, name text, digest bytea, scopes text[], sources text[], acts text[]
INSERT INTO ledger.tokens (log_id, token_id, name, digest, scopes, sources, acts)
VALUES (%(log_id)s, %(token_id)s, %(name)s, %(digest)s, %(scopes)s, %(sources)s, %(acts)s);
