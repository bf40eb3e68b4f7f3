-- Find what else was done on these subjects up to a moment that may bear on an act there: acts of these types, acts in
-- which one of these duties was exercised, decisions of bodies (`collective`), and reviews and acts that carry a legal
-- opinion (`legal`). No row: nothing.
--   log_id int, known_at timestamptz, subjects text[], until timestamptz, types text[], roles text[], collective bool,
--   legal bool
WITH there AS (
    SELECT position, type, class, duty, role, actor, data
      FROM projector.acts
     WHERE log_id = %(log_id)s
       AND project = ANY (%(subjects)s::text[])
       AND time <= %(until)s
       AND known_from <= %(known_at)s
     UNION ALL
    SELECT position, type, class, duty, role, actor, data
      FROM projector.acts
     WHERE log_id = %(log_id)s
       AND project IS NULL
       AND subject = ANY (%(subjects)s::text[])
       AND time <= %(until)s
       AND known_from <= %(known_at)s
)
SELECT position
  FROM there
 WHERE type = ANY (%(types)s::text[])
    OR duty = ANY (%(roles)s::text[])
    OR role = ANY (%(roles)s::text[])
    OR (%(roles)s::text[] <> '{}' AND data -> 'participants' @? '$[*].role')
    OR (%(collective)s AND class = 'D' AND actor LIKE 'body:%%')
    OR (%(legal)s AND (class = 'S' OR data -> 'documents' @> '[{"kind": "legal_opinion"}]'))
 ORDER BY position;
