-- id = "CHN-04"
-- title = {zh = "应调查未调查", en = "Survey missing, or of fewer than three respondents"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §10, §11"
-- confidence = "A"
-- policies = ["xq.goods", "xq.services", "xq.works", "xq.survey_age", "xq.respondents"]
-- since = 2021-07-01
-- inputs = ["req.survey", "req.prepare", "notice.publish", "single.publicise", "award.decide", "contract.sign"]
-- says.zh = "项目（预算 {amount:money} 元）应当开展需求调查，采购需求于 {prepared} 编制；此前一年内的需求调查：{surveyed}，调查对象 {respondents} 个，至少 {least} 个"
-- says.en = "The project (budget {amount:money} yuan) calls for a survey, and its requirement was prepared on {prepared}; survey in the year before: {surveyed}, respondents: {respondents}, at least {least}"

WITH began AS (
    -- Projects of article 11: from the amount on (it counts itself), or for the public, or complex. A flag nobody set
    -- is not set. Without a budget, the amount that the act itself states. A survey counts for a requirement prepared
    -- after it, within the year; several add up. The respondents are a lesser matter ("as a rule"): MEDIUM.
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.day, act.amount
      FROM act
     WHERE act.type IN ('notice.publish', 'single.publicise', 'eval.perform', 'award.decide', 'contract.sign')
       AND act.stands
     ORDER BY act.project, act.time, act.known_from, act.position
), demanding AS (
    SELECT began.*, coalesce(budget.total, began.amount) AS amount_of,
           CASE WHEN project.public_service OR project.complex THEN true
                WHEN coalesce(budget.total, began.amount) >= floor.high THEN true
                WHEN coalesce(budget.total, began.amount) < floor.low AND NOT opening.erased THEN false END AS due
      FROM began
      JOIN project ON project.project = began.project
      LEFT JOIN act AS opening ON opening.position = project.position
      LEFT JOIN budget ON budget.project = began.project AND began.time >= budget.starts AND began.time < budget.ends
     CROSS JOIN LATERAL (
           SELECT min(policy.number) AS low, max(policy.number) AS high
             FROM policy
            WHERE policy.key = ANY (CASE WHEN project.kind IN ('goods', 'services', 'works')
                                         THEN ARRAY['xq.' || project.kind]
                                         ELSE ARRAY['xq.goods', 'xq.services', 'xq.works'] END)
              AND policy.unit = project.unit AND began.time >= policy.starts AND began.time < policy.ends) AS floor
     WHERE floor.low IS NOT NULL
), surveyed AS (
    SELECT demanding.project, count(survey.position) AS surveys, max(survey.day) AS day,
           array_agg(survey.position) AS positions,
           sum(projector.as_number(survey.data ->> 'respondents')) AS respondents,
           bool_or(projector.as_number(survey.data ->> 'respondents') IS NULL) AS untold
      FROM demanding
      JOIN project ON project.project = demanding.project
      JOIN act AS survey ON survey.project = demanding.project AND survey.type = 'req.survey' AND survey.stands
      JOIN policy ON policy.key = 'xq.survey_age' AND policy.unit = project.unit
                 AND demanding.time >= policy.starts AND demanding.time < policy.ends
     WHERE EXISTS (
           SELECT
             FROM (SELECT act.time, act.day
                     FROM act
                    WHERE act.type = 'req.prepare' AND act.project = demanding.project AND act.stands
                      AND act.time <= demanding.time
                    UNION ALL
                   SELECT demanding.time, demanding.day
                    WHERE NOT EXISTS (SELECT FROM act
                                       WHERE act.type = 'req.prepare' AND act.project = demanding.project)) AS prepared
            WHERE survey.time <= prepared.time
              AND prepared.day <= projector.due_day(survey.day, policy.number::integer, policy.measure, policy.rolls))
     GROUP BY demanding.project
)
SELECT demanding.project,
       'survey' AS key,
       CASE WHEN surveyed.respondents >= least.number THEN 'PASS'
            WHEN demanding.due IS NULL OR surveyed.untold THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       CASE WHEN surveyed.surveys > 0 THEN 'MEDIUM' END AS severity,
       coalesce(prepared.position, demanding.position) AS judged,
       demanding.time AS since,
       ARRAY[demanding.position, prepared.position] || surveyed.positions AS evidence,
       jsonb_build_object('amount', demanding.amount_of, 'prepared', coalesce(prepared.day, demanding.day),
                          'surveyed', surveyed.day, 'respondents', surveyed.respondents, 'least', least.number,
                          'unknown', CASE WHEN surveyed.untold THEN 'req.survey respondents'
                                          WHEN demanding.due IS NULL THEN 'amount, kind or flags of the project' END)
           AS computed
  FROM demanding
  JOIN project ON project.project = demanding.project
  LEFT JOIN course ON course.project = demanding.project
                  AND demanding.time >= course.starts AND demanding.time < course.ends
  JOIN policy AS least ON least.key = 'xq.respondents' AND least.unit = project.unit
                      AND demanding.time >= least.starts AND demanding.time < least.ends
  LEFT JOIN surveyed ON surveyed.project = demanding.project
  LEFT JOIN LATERAL (
       SELECT act.position, act.day
         FROM act
        WHERE act.type = 'req.prepare' AND act.project = demanding.project AND act.stands AND act.time <= demanding.time
        ORDER BY act.time DESC
        LIMIT 1) AS prepared ON true
 WHERE demanding.due IS NOT false
   AND NOT 'req.survey' = ANY (coalesce(course.skips, '{}'))
