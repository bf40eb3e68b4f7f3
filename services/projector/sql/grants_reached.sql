-- Read the grants of these holders or of these names, and what they rest on as far as they name it, as known then. A
-- name may have several rows: the first that was not withdrawn is meant. No row: there is none.
--   log_id int, known_at timestamptz, holders text[], names text[]
WITH RECURSIVE reached (name, depth) AS (
    SELECT name, 1
      FROM projector.grants
     WHERE log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND (grantee = ANY (%(holders)s::text[]) OR name = ANY (%(names)s::text[]))
     UNION
    SELECT parent, reached.depth + 1
      FROM reached
      JOIN projector.grants
        ON grants.log_id = %(log_id)s
       AND grants.name = reached.name
     WHERE grants.known_from <= %(known_at)s
       AND grants.parent IS NOT NULL
       AND reached.depth < 64
)
SELECT name, position, known_from, asserted, time, is_root, parent, actor, grantor, grantee, unit, starts, ends,
       payload::text
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND name IN (SELECT name FROM reached)
 ORDER BY position;
