-- id = "CHN-19"
-- title = {zh = "绩效评价缺失", en = "No performance evaluation"}
-- severity = "LOW"
-- force = "UNIT"
-- citation = "财政部令102号; 单位规定"
-- confidence = "C"
-- policies = ["chn.performance_evaluation"]
-- since = 2020-03-01
-- inputs = ["project.close", "file.archive", "perf.evaluate"]
-- says.zh = "项目于 {closed} 终结，应在 {days} 日内（{due} 前）完成绩效评价，实际评价：{evaluated}"
-- says.en = "The project was closed on {closed} and was to be evaluated within {days} days, by {due}; evaluated: {evaluated}"

SELECT project.project,
       -- A project that failed or was cancelled has nothing to evaluate. Where only its file was archived, it is one
       -- with a contract.
       'evaluation' AS key,
       CASE WHEN evaluated.day <= closed.day OR coalesce(evaluated.day, moment.today) <= term.due THEN 'PASS'
            WHEN term.due IS NULL THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       project.closing AS judged,
       coalesce(projector.day_starts(term.due + 1), project.closed) AS since,
       CASE WHEN evaluated.day > term.due THEN evaluated.time END AS cured,
       CASE WHEN evaluated.day IS NULL THEN term.due END AS due,
       ARRAY[project.closing, evaluated.position] AS evidence,
       jsonb_build_object('closed', closed.day, 'days', policy.number, 'due', term.due, 'evaluated', evaluated.day,
                          'unknown', CASE WHEN term.due IS NULL THEN 'chn.performance_evaluation' END) AS computed
  FROM project
 CROSS JOIN moment
  JOIN act AS closed ON closed.position = project.closing
  LEFT JOIN course ON course.project = project.project
                  AND project.closed >= course.starts AND project.closed < course.ends
  LEFT JOIN policy ON policy.key = 'chn.performance_evaluation' AND policy.unit = project.unit
                  AND project.closed >= policy.starts AND project.closed < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(closed.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'perf.evaluate' AND act.project = project.project AND act.stands
        ORDER BY act.time
        LIMIT 1) AS evaluated ON true
 WHERE NOT 'perf.evaluate' = ANY (coalesce(course.skips, '{}'))
   AND (project.outcome = 'completed'
        OR project.outcome IS NULL AND EXISTS (SELECT FROM contract WHERE contract.project = project.project))
