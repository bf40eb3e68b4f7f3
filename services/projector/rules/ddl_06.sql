-- id = "DDL-06"
-- title = {zh = "结果公告与通知书逾期", en = "Award published and notified late"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §43"
-- confidence = "A"
-- policies = ["ddl.award_publish"]
-- inputs = ["award.decide", "award.publish"]
-- since = 2015-03-01
-- says.zh = "中标（成交）供应商于 {decided} 确定，应在 {number} 个工作日内（{due} 前）发出通知书并公告结果，实际公告：{published}"
-- says.en = "The award was decided on {decided} and was to be published and notified within {number} working days, by {due}; published: {published}"

-- A decision that another one replaced in time, or a project that failed or was called off, leaves nothing to publish.
SELECT decided.project,
       decided.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(published.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(published.position, decided.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), decided.time) AS since,
       published.time AS cured,
       CASE WHEN published.day IS NULL THEN term.due END AS due,
       ARRAY[decided.position, published.position] AS evidence,
       jsonb_build_object('decided', decided.day, 'number', policy.number, 'due', term.due,
                          'published', published.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.award_publish'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS decided
 CROSS JOIN moment
  JOIN project ON project.project = decided.project
  LEFT JOIN course ON course.project = decided.project AND decided.time >= course.starts AND decided.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.award_publish' AND policy.unit = decided.unit
                  AND decided.time >= policy.starts AND decided.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(decided.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'award.publish' AND act.project = decided.project AND act.stands
          AND coalesce(act.object = decided.object, true) AND act.time >= decided.time
        ORDER BY act.time
        LIMIT 1) AS published ON true
  LEFT JOIN LATERAL (
       SELECT min(act.time) AS time
         FROM act
        WHERE act.type = 'award.decide' AND act.project = decided.project
          AND coalesce(act.object = decided.object, true)
          AND (act.time, act.position) > (decided.time, decided.position)) AS again ON true
 CROSS JOIN LATERAL (
       SELECT least(again.time, CASE WHEN project.outcome IN ('failed', 'cancelled') THEN project.closed END) AS time
       ) AS over
 WHERE decided.type = 'award.decide' AND decided.stands
   AND NOT coalesce('award.publish' = ANY (course.skips), false)
   AND NOT (over.time IS NOT NULL AND coalesce(published.time > over.time, true)
            AND coalesce(projector.local_day(over.time) <= term.due, false))
