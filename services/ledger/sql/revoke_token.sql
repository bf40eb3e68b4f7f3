-- Revoke a token. No row: there is no such live token.
--   log_id int, token_id text
UPDATE ledger.tokens
   SET revoked_at = now()
 WHERE log_id = %(log_id)s
   AND token_id = %(token_id)s
   AND revoked_at IS NULL
RETURNING token_id;
