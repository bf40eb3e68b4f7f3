-- Read what was decided about these findings, as corrected, in the order in which it was done. In the transaction that
-- laid the case out.
--   log_id int, as_of timestamptz, known_at timestamptz, findings text[]
SELECT acts.data ->> 'finding', said.data ->> 'disposition', acts.position, acts.time, acts.known_from, acts.actor,
       said.data ->> 'reason', said.data ->> 'control',
       least(projector.as_end(said.data ->> 'valid_until'), '9999-12-01'),
       projector.as_day(said.data ->> 'due')
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'finding.dispose'
   AND acts.data ->> 'finding' = ANY (%(findings)s::text[])
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
 ORDER BY acts.time, acts.known_from, acts.position;
