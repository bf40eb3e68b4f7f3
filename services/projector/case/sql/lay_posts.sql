-- Lay out what the posts of the case were, each definition from its time until the next.
--   log_id int, known_at timestamptz
INSERT INTO post (post, unit, designation, key_post, acts, starts, ends, position)
SELECT said.post, said.unit, said.designation,
       projector.as_yes((SELECT acts.data ->> 'key_post' FROM projector.acts
                          WHERE acts.log_id = %(log_id)s AND acts.position = said.position)),
       said.acts, said.time, said.ends, said.position
  FROM (SELECT posts.*, coalesce(lead(posts.time) OVER (PARTITION BY posts.post
                            ORDER BY posts.time, posts.known_from, posts.position), 'infinity') AS ends
          FROM projector.posts
         WHERE posts.log_id = %(log_id)s
           AND posts.post = ANY (ARRAY(SELECT DISTINCT term.post FROM term))
           AND posts.known_from <= %(known_at)s
           AND posts.position NOT IN (SELECT withdrawn.position FROM withdrawn)) AS said
 WHERE said.time < said.ends;
