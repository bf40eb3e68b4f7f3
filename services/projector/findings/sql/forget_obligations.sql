-- Take out what was due in these scopes.
--   log_id int, scopes text[]
DELETE FROM projector.obligations
 WHERE log_id = %(log_id)s
   AND scope = ANY (%(scopes)s::text[]);
