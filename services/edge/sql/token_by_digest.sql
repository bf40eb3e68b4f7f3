-- Find a live token by what is kept of it. No row: unknown or revoked.
--   log_id int, digest bytea
SELECT token_id, name, scopes, sources, acts
  FROM ledger.tokens
 WHERE log_id = %(log_id)s
   AND digest = %(digest)s
   AND revoked_at IS NULL;
