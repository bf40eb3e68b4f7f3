-- Read the appointments of these people to act for others. No row: there is none.
--   log_id int, references text[]
SELECT subject, name, position, known_from, asserted, time, principal, substitute, grant_names, acts, ceiling_item, currency,
       starts, ends
  FROM projector.actings
 WHERE log_id = %(log_id)s
   AND substitute = ANY (%(references)s::text[])
 ORDER BY position;
