-- id = "INT-06"
-- title = {zh = "回避申请未及时询问处理", en = "Recusal request unanswered"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §9 第3款"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["int.recusal_answer"]
-- inputs = ["recusal.request", "recusal.inquire", "recusal.decide"]
-- says.zh = "{requested} 提出的回避申请 {recusal} 应在 {days} 个工作日内（{due} 前）且在进入下一环节前询问处理；进入下一环节：{moved}，询问或决定：{answered}"
-- says.en = "The request for recusal {recusal} of {requested} was to be inquired into within {days} working days, by {due}, and before the next stage; next stage entered: {moved}; inquired or decided: {answered}"

-- "及时": within the days of the unit's policy, and before the project goes on to a stage it had not reached
-- (to keep a payee's account is no stage of it).
WITH step (stage, ordinal) AS (
    VALUES ('BUDGET', 1), ('REQUIREMENT', 2), ('PLAN', 3), ('TENDER', 4), ('CONTRACT', 5), ('ACCEPTANCE', 6), ('PAYMENT', 7),
           ('EVALUATION', 8), ('ARCHIVE', 9)
), asked AS (
    SELECT act.project, act.position, act.time, act.day, act.object, act.unit, act.data ->> 'person' AS person,
           (SELECT coalesce(max(step.ordinal), 0)
              FROM act AS before
              JOIN step ON step.stage = before.stage
             WHERE before.project = act.project AND before.time <= act.time
               AND before.type <> 'payee.maintain') AS reached
      FROM act
     WHERE act.type = 'recusal.request'
)
SELECT asked.project,
       asked.position::text AS key,
       CASE WHEN moved.time < coalesce(answer.time, 'infinity') THEN 'FAIL'
            WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(answer.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(answer.position, asked.position) AS judged,
       coalesce(least(CASE WHEN moved.time < coalesce(answer.time, 'infinity') THEN moved.time END,
                      projector.day_starts(term.due + 1)), asked.time) AS since,
       answer.time AS cured,
       CASE WHEN answer.position IS NULL THEN term.due END AS due,
       ARRAY[asked.position, answer.position, moved.position] AS evidence,
       jsonb_build_object('recusal', asked.object, 'requested', asked.day, 'days', policy.number, 'due', term.due,
                          'moved', moved.day, 'answered', answer.day,
                          'unknown', CASE WHEN term.due IS NULL THEN 'int.recusal_answer' END) AS computed
  FROM asked
 CROSS JOIN moment
  LEFT JOIN policy ON policy.key = 'int.recusal_answer' AND policy.unit = asked.unit
                  AND asked.time >= policy.starts AND asked.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(asked.day, policy.number::integer, policy.measure, policy.rolls) AS due) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.project = asked.project AND act.type IN ('recusal.inquire', 'recusal.decide') AND act.time >= asked.time
          AND CASE WHEN act.object IS NOT NULL AND asked.object IS NOT NULL THEN act.object = asked.object
                   ELSE coalesce(act.data ->> 'person' = asked.person, true) END
        ORDER BY act.time, act.position
        LIMIT 1) AS answer ON true
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
         JOIN step ON step.stage = act.stage
        WHERE act.project = asked.project AND act.time > asked.time AND step.ordinal > asked.reached
          AND act.type <> 'payee.maintain'
        ORDER BY act.time, act.position
        LIMIT 1) AS moved ON true
