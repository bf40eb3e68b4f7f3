-- List the grants that are a unit's: made or vested in it, naming it in their scope, or given to one of its posts, as
-- known then. What rests on them is not here. No row: none.
--   log_id int, known_at timestamptz, unit text, posts_from text, posts_until text (names of its posts, `until` left out)
SELECT name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND unit = %(unit)s
 UNION
SELECT name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND payload -> 'scope' -> 'units' ? %(unit)s
 UNION
SELECT name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND grantee ~>=~ %(posts_from)s
   AND grantee ~<~ %(posts_until)s;
