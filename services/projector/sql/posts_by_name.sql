-- Read what these posts were said to be. No row: nobody defined them.
--   log_id int, references text[]
SELECT post, unit, designation, acts, time, known_from, position
  FROM projector.posts
 WHERE log_id = %(log_id)s
   AND post = ANY (%(references)s::text[])
 ORDER BY position;
