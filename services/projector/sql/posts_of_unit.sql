-- List the posts of a unit that were defined, given to somebody or granted something, as known then. No row: none.
--   log_id int, known_at timestamptz, unit text, posts_from text, posts_until text (names of its posts, `until` left out)
SELECT post
  FROM projector.posts
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND unit = %(unit)s
   AND position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
 UNION
SELECT post
  FROM projector.terms
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND post ~>=~ %(posts_from)s
   AND post ~<~ %(posts_until)s
   AND position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s));
