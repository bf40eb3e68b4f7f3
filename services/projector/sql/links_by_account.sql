-- Read what was ever said of whose these accounts are. `person` NULL: an unlink. No row: nothing.
--   log_id int, references text[]
SELECT account, person, time, known_from, position
  FROM projector.account_links
 WHERE log_id = %(log_id)s
   AND account = ANY (%(references)s::text[])
 ORDER BY position;
