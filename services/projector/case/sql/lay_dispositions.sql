-- Lay out dispositions of these findings that set a day by which something is to be done.
--   log_id int, as_of timestamptz, known_at timestamptz, findings text[]
INSERT INTO disposition (finding, disposition, due, position, time, known_from)
SELECT acts.data ->> 'finding', said.data ->> 'disposition', projector.as_day(said.data ->> 'due'), acts.position, acts.time,
       acts.known_from
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'finding.dispose'
   AND acts.data ->> 'finding' = ANY (%(findings)s::text[])
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
