-- id = "DDL-05"
-- title = {zh = "定标逾期", en = "Award decided late"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §43"
-- confidence = "A"
-- policies = ["ddl.award"]
-- inputs = ["eval.report", "award.decide"]
-- since = 2015-03-01
-- says.zh = "评审报告于 {reported} 收到，采购人应在 {number} 个工作日内（{due} 前）确定中标（成交）供应商，实际确定：{decided}"
-- says.en = "The evaluation report was received on {reported} and the award was to be decided within {number} working days, by {due}; decided: {decided}"

-- A tender that failed, was called off, is advertised again or evaluated again in time leaves no award to decide.
SELECT reported.project,
       reported.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(decided.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(decided.position, reported.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), reported.time) AS since,
       decided.time AS cured,
       CASE WHEN decided.day IS NULL THEN term.due END AS due,
       ARRAY[reported.position, decided.position] AS evidence,
       jsonb_build_object('reported', reported.day, 'number', policy.number, 'due', term.due, 'decided', decided.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.award'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS reported
 CROSS JOIN moment
  JOIN project ON project.project = reported.project
  LEFT JOIN policy ON policy.key = 'ddl.award' AND policy.unit = reported.unit
                  AND reported.time >= policy.starts AND reported.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(reported.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'award.decide' AND act.project = reported.project AND act.stands
          AND act.time >= reported.time
        ORDER BY act.time
        LIMIT 1) AS decided ON true
  LEFT JOIN LATERAL (
       SELECT min(act.time) AS time
         FROM act
        WHERE act.project = reported.project AND act.time > reported.time
          AND (act.type = 'notice.publish'
               OR act.type = 'eval.perform' AND coalesce(act.object = reported.object, true))) AS again ON true
 CROSS JOIN LATERAL (
       SELECT least(again.time, CASE WHEN project.outcome IN ('failed', 'cancelled') THEN project.closed END) AS time
       ) AS over
 WHERE reported.type = 'eval.report' AND reported.stands
   AND NOT (over.time IS NOT NULL AND coalesce(decided.time > over.time, true)
            AND coalesce(projector.local_day(over.time) <= term.due, false))
