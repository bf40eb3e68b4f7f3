-- List the acts of these types, as known then, that rely on these grants or that these people or bodies did, or somebody
-- in their name. No row: nothing was drawn.
--   log_id int, known_at timestamptz, types text[], names text[], who text[], bodies text[]
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND authority = ANY (%(names)s::text[])
   AND type = ANY (%(types)s::text[])
   AND known_from <= %(known_at)s
 UNION
SELECT position
  FROM projector.duties
 WHERE log_id = %(log_id)s
   AND actor = ANY (%(who)s::text[])
   AND type = ANY (%(types)s::text[])
   AND known_from <= %(known_at)s
 UNION
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND actor = ANY (%(bodies)s::text[])
   AND actor LIKE 'body:%%'
   AND type = ANY (%(types)s::text[])
   AND known_from <= %(known_at)s
 UNION
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND onbehalfof = ANY (%(who)s::text[])
   AND type = ANY (%(types)s::text[])
   AND known_from <= %(known_at)s;
