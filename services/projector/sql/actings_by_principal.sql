-- Read the appointments of others to act for these people. No row: there is none.
--   log_id int, references text[]
SELECT subject, name, position, known_from, asserted, time, principal, substitute, grant_names, acts, ceiling_item, currency,
       starts, ends
  FROM projector.actings
 WHERE log_id = %(log_id)s
   AND principal = ANY (%(references)s::text[])
 ORDER BY position;
