-- id = "DDL-04"
-- title = {zh = "评审报告送交逾期", en = "Evaluation report delivered late"}
-- severity = "LOW"
-- force = "REG"
-- citation = "政府采购法实施条例 §43"
-- confidence = "A"
-- policies = ["ddl.eval_report"]
-- inputs = ["eval.perform", "eval.report", "agency.sign"]
-- since = 2015-03-01
-- says.zh = "评审于 {evaluated} 结束，评审报告应在 {number} 个工作日内（{due} 前）送交采购人，实际送交：{reported}"
-- says.en = "The evaluation ended on {evaluated} and its report was to reach the purchaser within {number} working days, by {due}; delivered: {reported}"

-- The duty is the agency's: who evaluates without one has nobody to deliver to. An evaluation ends with the last session
-- before its report. What has failed or was called off in time leaves nothing to report.
SELECT evaluated.project,
       evaluated.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(reported.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(reported.position, evaluated.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), evaluated.time) AS since,
       reported.time AS cured,
       CASE WHEN reported.day IS NULL THEN term.due END AS due,
       ARRAY[evaluated.position, reported.position] AS evidence,
       jsonb_build_object('evaluated', evaluated.day, 'number', policy.number, 'due', term.due,
                          'reported', reported.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.eval_report'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS evaluated
 CROSS JOIN moment
  JOIN project ON project.project = evaluated.project
  LEFT JOIN course ON course.project = evaluated.project
                  AND evaluated.time >= course.starts AND evaluated.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.eval_report' AND policy.unit = evaluated.unit
                  AND evaluated.time >= policy.starts AND evaluated.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(evaluated.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'eval.report' AND act.project = evaluated.project AND act.stands
          AND coalesce(act.object = evaluated.object, true) AND act.time >= evaluated.time
        ORDER BY act.time
        LIMIT 1) AS reported ON true
 WHERE evaluated.type = 'eval.perform'
   AND NOT coalesce('eval.report' = ANY (course.skips), false)
   AND (course.organisation = 'central'
        OR EXISTS (SELECT
                     FROM act
                    WHERE act.type = 'agency.sign' AND act.project = evaluated.project AND act.stands
                      AND act.time <= evaluated.time))
   AND NOT EXISTS (
       SELECT
         FROM act
        WHERE act.type = 'eval.perform' AND act.project = evaluated.project
          AND coalesce(act.object = evaluated.object, true)
          AND (act.time, act.position) > (evaluated.time, evaluated.position)
          AND (reported.time IS NULL OR act.time <= reported.time))
   AND NOT (reported.position IS NULL AND coalesce(project.outcome IN ('failed', 'cancelled'), false)
            AND coalesce(projector.local_day(project.closed) <= term.due, false))
