-- List general grants within their own term at a moment, in the order of their positions, each with when an act last
-- cited it or a grant made under it, by `as_of` and as known then (NULL: none did). Acts that cite nothing are not
-- looked at here. No row: no more.
--   log_id int, known_at timestamptz, as_of timestamptz, at timestamptz, unit text, grantee text (each NULL: any),
--   after bigint, limit int
SELECT general.position, general.name, (
       WITH RECURSIVE under (name, depth) AS (
           SELECT general.name, 1
            UNION
           SELECT grants.name, under.depth + 1
             FROM under
             JOIN projector.grants
               ON grants.log_id = %(log_id)s
              AND grants.parent = under.name
            WHERE grants.known_from <= %(known_at)s
              AND under.depth < 64
       )
       SELECT max(acts.time)
         FROM under
         JOIN projector.acts
           ON acts.log_id = %(log_id)s
          AND acts.authority = under.name
        WHERE acts.time <= %(as_of)s
          AND acts.known_from <= %(known_at)s)
  FROM projector.grants AS general
 WHERE general.log_id = %(log_id)s
   AND general.known_from <= %(known_at)s
   AND general.position > %(after)s
   AND general.kind = 'general'
   AND general.starts <= %(at)s
   AND (general.ends IS NULL OR general.ends > %(at)s)
   AND (%(unit)s::text IS NULL OR general.unit = %(unit)s OR general.payload -> 'scope' -> 'units' ? %(unit)s)
   AND (%(grantee)s::text IS NULL OR general.grantee = %(grantee)s)
 ORDER BY general.position
 LIMIT %(limit)s;
