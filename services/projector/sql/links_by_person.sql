-- Read which accounts were ever said to be these persons'. No row: none.
--   log_id int, references text[]
SELECT account, person, time, known_from, position
  FROM projector.account_links
 WHERE log_id = %(log_id)s
   AND person = ANY (%(references)s::text[])
 ORDER BY position;
