-- Lay out what reviewers and inspectors coded in the acts of the case, with what settled it: they said themselves that it
-- is resolved; a later act says so; the rectification of that inspection passes; or a later review of the same kind and
-- document passes and codes it no more. Who only says that an earlier one is resolved codes none.
-- `published`: the first act after it by which the terms of the purchase went out (the notice; without one, the
-- publicity, the award or the contract, whichever is first), else the last before it.
INSERT INTO issue (project, position, type, rule, detail, time, day, resolved, resolving, published, went_out)
WITH coded AS (
    SELECT act.project, act.position, act.type, act.object, act.data ->> 'kind' AS kind, act.time, act.day,
           listed.item ->> 'rule' AS rule, string_agg(listed.item ->> 'detail', '; ' ORDER BY listed.ordinal) AS detail,
           bool_and(coalesce(projector.as_yes(listed.item ->> 'resolved'), false)) AS resolved
      FROM act
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'issues')
                                             WHEN 'array' THEN act.data -> 'issues' ELSE '[]' END)
           WITH ORDINALITY AS listed (item, ordinal)
     WHERE act.data ? 'issues' AND act.stage <> 'OVERSIGHT' AND listed.item ->> 'rule' IS NOT NULL
     GROUP BY act.project, act.position, act.type, act.object, act.data ->> 'kind', act.time, act.day,
              listed.item ->> 'rule'
)
SELECT coded.project, coded.position, coded.type, coded.rule, coded.detail, coded.time, coded.day,
       CASE WHEN coded.resolved THEN coded.time ELSE settling.time END,
       CASE WHEN coded.resolved THEN coded.position ELSE settling.position END, publication.position, publication.time
  FROM coded
  LEFT JOIN LATERAL (
       SELECT act.position, act.time
         FROM act
         LEFT JOIN coded AS again ON again.position = act.position AND again.rule = coded.rule
        WHERE act.project = coded.project AND (act.time, act.position) > (coded.time, coded.position)
          AND act.stage <> 'OVERSIGHT'
          AND (again.resolved
               OR again.position IS NULL AND coded.type = 'supervise.inspect' AND act.type = 'supervise.rectify'
                  AND act.result = 'pass' AND act.object = coded.object
               OR again.position IS NULL AND act.type = coded.type AND act.stands
                  AND (coded.type IN ('doc.check', 'doc.approve')
                       AND coalesce(act.object = coded.object, true)
                       OR coded.type = 'req.review' AND act.data ->> 'kind' IS NOT DISTINCT FROM coded.kind))
        ORDER BY act.time, act.position
        LIMIT 1) AS settling ON true
  LEFT JOIN LATERAL (
       SELECT act.position, act.time
         FROM act
         LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
        WHERE act.project = coded.project AND act.stands
          AND (act.type = 'notice.publish'
               OR act.type IN ('single.publicise', 'award.decide', 'contract.sign')
                  AND 'notice.publish' = ANY (coalesce(course.skips, '{}')))
        ORDER BY act.time < coded.time, CASE WHEN act.time >= coded.time THEN act.time END, act.time DESC
        LIMIT 1) AS publication ON true
 WHERE NOT (coded.resolved
            AND EXISTS (SELECT FROM coded AS earlier
                         WHERE earlier.project = coded.project AND earlier.rule = coded.rule AND NOT earlier.resolved
                           AND (earlier.time, earlier.position) < (coded.time, coded.position)));
