-- List grants as known then, in the order of their positions, each with whether it and all it rests on is live at
-- `as_of`. `status` live: so; ended: for good, which a suspension is not. No row: no grant of that kind.
--   log_id int, known_at timestamptz, as_of timestamptz, unit text, grantee text, status text (each NULL: any),
--   after bigint, limit int
WITH chains AS (
    SELECT name, bool_or(live @> %(as_of)s::timestamptz) AS live,
           bool_or(lasts && tstzrange(%(as_of)s, NULL)) AS goes_on
      FROM projector.grant_chains_at(%(log_id)s, %(known_at)s)
     GROUP BY name
)
SELECT grants.position, grants.name, coalesce(chains.live, false)
  FROM projector.grants_at(%(log_id)s, %(known_at)s) AS grants
  LEFT JOIN chains ON chains.name = grants.name
 WHERE grants.position > %(after)s
   AND (%(unit)s::text IS NULL OR grants.unit = %(unit)s OR grants.payload -> 'scope' -> 'units' ? %(unit)s)
   AND (%(grantee)s::text IS NULL OR grants.grantee = %(grantee)s)
   AND CASE %(status)s::text
            WHEN 'live' THEN coalesce(chains.live, false)
            WHEN 'ended' THEN NOT coalesce(chains.goes_on, false)
            ELSE true END
 ORDER BY grants.position
 LIMIT %(limit)s;
