-- Lay out the contracts that the units of the case signed with its suppliers, on whatever project.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[]
INSERT INTO signing (position, project, unit, supplier, kind, amount, time, day)
SELECT contract.position, contract.project, contract.unit, contract.supplier, project.kind,
       CASE WHEN coalesce(contract.data ->> 'currency', 'CNY') = 'CNY' THEN contract.amount END, contract.time, contract.day
  FROM contract
  JOIN project ON project.project = contract.project
 WHERE contract.signed AND contract.unit IS NOT NULL AND contract.supplier IS NOT NULL
 UNION ALL
SELECT acts.position, acts.project, acts.unit, named.supplier, opening.kind,
       CASE WHEN coalesce(said.data ->> 'currency', 'CNY') = 'CNY' THEN projector.as_number(said.data ->> 'amount') END,
       acts.time, projector.local_day(acts.time)
  FROM (SELECT DISTINCT contract.unit, contract.supplier
          FROM contract
         WHERE contract.signed AND contract.unit IS NOT NULL AND contract.supplier IS NOT NULL) AS named
  JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.type = 'contract.sign' AND acts.unit = named.unit
                     AND acts.data ->> 'supplier' = named.supplier
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
  LEFT JOIN LATERAL (
       SELECT coalesce(corrected.fields, opened.data) ->> 'kind' AS kind
         FROM projector.acts AS opened
         LEFT JOIN recast AS corrected ON corrected.position = opened.position
        WHERE opened.log_id = %(log_id)s AND opened.project = acts.project AND opened.type = 'project.open'
          AND opened.time <= %(as_of)s AND opened.known_from <= %(known_at)s
          AND opened.position NOT IN (SELECT withdrawn.position FROM withdrawn)
        ORDER BY opened.time DESC, opened.known_from DESC, opened.position DESC
        LIMIT 1) AS opening ON true
 WHERE acts.project <> ALL (%(projects)s::text[])
   AND said.data ->> 'supplier' = named.supplier
   AND coalesce(said.data ->> 'result', 'pass') = 'pass'
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
