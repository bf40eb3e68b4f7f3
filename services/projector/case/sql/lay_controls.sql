-- Lay out the compensating controls registered on the projects of the case and their units.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO control (control, rules, covers, owner, starts, ends, position, time)
SELECT coalesce(said.data ->> 'object', said.data ->> 'control', acts.position::text),
       array_remove(coalesce(projector.listed(said.data -> 'rules'), '{}') || (said.data ->> 'rule'), NULL),
       coalesce(said.data ->> 'scope', acts.subject), said.data ->> 'owner',
       coalesce(projector.as_start(said.data ->> 'valid_from'), acts.time),
       coalesce(projector.as_end(said.data ->> 'valid_until'), 'infinity'), acts.position, acts.time
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'control.register'
   AND acts.subject = ANY (ARRAY(SELECT project.project FROM project
                                  UNION
                                 SELECT buyer.unit FROM project CROSS JOIN LATERAL unnest(project.units) AS buyer (unit)
                                  UNION
                                 SELECT unit.unit FROM unit))
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
