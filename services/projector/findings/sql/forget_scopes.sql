-- Take out what was found in these scopes.
--   log_id int, scopes text[]
DELETE FROM projector.findings
 WHERE log_id = %(log_id)s
   AND scope = ANY (%(scopes)s::text[]);
