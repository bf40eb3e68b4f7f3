-- List these grants and all that were made under them, as known then, with their grantees. No row: none is known.
--   log_id int, known_at timestamptz, names text[]
WITH RECURSIVE under (name, depth) AS (
    SELECT unnest(%(names)s::text[]), 1
     UNION
    SELECT grants.name, under.depth + 1
      FROM under
      JOIN projector.grants
        ON grants.log_id = %(log_id)s
       AND grants.parent = under.name
     WHERE grants.known_from <= %(known_at)s
       AND under.depth < 64
)
SELECT name, grantee
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND name IN (SELECT name FROM under)
 ORDER BY position;
