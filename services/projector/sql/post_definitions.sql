-- Read what posts were said to be, as known then, each time in order. No row: nobody defined any.
--   log_id int, known_at timestamptz, posts text[]
SELECT posts.post, posts.unit, acts.data ->> 'name', posts.designation, (acts.data ->> 'key_post')::boolean, posts.acts,
       posts.time, posts.position
  FROM projector.posts
  JOIN projector.acts
    ON acts.log_id = posts.log_id
   AND acts.position = posts.position
 WHERE posts.log_id = %(log_id)s
   AND posts.known_from <= %(known_at)s
   AND posts.post = ANY (%(posts)s::text[])
   AND posts.position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
 ORDER BY posts.post, posts.time, posts.known_from, posts.position;
