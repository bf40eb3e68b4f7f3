-- id = "DIS-01"
-- title = {zh = "采购意向未公开或不足30日", en = "Procurement intent not published, or too late"}
-- severity = "MEDIUM"
-- force = "NORM"
-- citation = "财库〔2020〕10号"
-- confidence = "B"
-- policies = ["dis.intent", "int.activity_start"]
-- inputs = ["intent.publish", "notice.publish", "single.publicise", "project.open"]
-- since = 2020-07-01
-- says.zh = "采购活动于 {started} 开始，采购意向应提前 {number} 日（不晚于 {latest}）公开，实际公开：{published}"
-- says.en = "Procurement began on {started}, and its intent was to be published {number} days before, by {latest}; published: {published}"

-- What could not be foreseen and is urgent needs no intent. Before the policy's first day the text bound nobody there, so
-- a missing row is no question.
SELECT began.project,
       'start' AS key,
       CASE WHEN term.earliest <= began.day THEN 'PASS'
            WHEN term.earliest IS NULL AND intent.position IS NOT NULL THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       began.position AS judged,
       act.time AS since,
       CASE WHEN intent.time > act.time THEN intent.time END AS cured,
       ARRAY[began.position, intent.position, project.position] AS evidence,
       jsonb_build_object('started', began.day, 'number', policy.number, 'latest', began.day - policy.number::integer,
                          'published', intent.day,
                          'unknown', CASE WHEN term.earliest IS NULL AND intent.position IS NOT NULL
                                          THEN 'calendar' END) AS computed
  FROM activity AS began
  JOIN act ON act.position = began.position
  JOIN project ON project.project = began.project
  LEFT JOIN course ON course.project = began.project AND act.time >= course.starts AND act.time < course.ends
  JOIN policy ON policy.key = 'dis.intent' AND policy.unit = act.unit
             AND act.time >= policy.starts AND act.time < policy.ends
  LEFT JOIN LATERAL (
       SELECT said.position, said.time, said.day
         FROM act AS said
        WHERE said.type = 'intent.publish' AND said.project = began.project AND said.stands
        ORDER BY said.time
        LIMIT 1) AS intent ON true
 CROSS JOIN LATERAL (
       SELECT projector.due_day(intent.day, policy.number::integer, policy.measure, policy.rolls) AS earliest) AS term
 WHERE NOT began.planned
   AND project.urgent IS NOT true
   AND NOT coalesce('intent.publish' = ANY (course.skips), false)
