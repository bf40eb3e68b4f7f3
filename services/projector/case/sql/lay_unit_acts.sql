-- Lay out reviews, audits and reports about the units of the case and whoever holds their posts.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO unit_act (position, type, subject, unit, actor, person, post, time, day, known_from, data)
SELECT acts.position, acts.type, acts.subject, acts.unit, acts.actor,
       coalesce(said.data ->> 'person', CASE WHEN acts.subject LIKE 'person:%%' THEN acts.subject END),
       coalesce(said.data ->> 'post', CASE WHEN acts.subject LIKE 'post:%%' THEN acts.subject END), acts.time,
       projector.local_day(acts.time), acts.known_from, said.data
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.project IS NULL
   AND acts.subject = ANY (ARRAY(SELECT unit.unit FROM unit) || ARRAY(SELECT term.person FROM term)
                           || ARRAY(SELECT term.post FROM term))
   AND acts.type IN ('exit.review', 'rotation.audit', 'report.publish')
   AND EXISTS (SELECT FROM unit)
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
