-- List tokens in the order of their making, after one of them.
--   log_id int, after_created timestamptz, after_id text, limit int
SELECT token_id, name, scopes, sources, acts, created_at, revoked_at
  FROM ledger.tokens
 WHERE log_id = %(log_id)s
   AND (created_at, token_id) > (%(after_created)s, %(after_id)s)
 ORDER BY created_at, token_id
 LIMIT %(limit)s;
