-- Take out when these scopes were to be looked at again.
--   log_id int, scopes text[]
DELETE FROM projector.wakes
 WHERE log_id = %(log_id)s
   AND scope = ANY (%(scopes)s::text[]);
