-- id = "DDL-11"
-- title = {zh = "质疑答复逾期", en = "Challenge answered late"}
-- severity = "HIGH"
-- force = "LAW"
-- citation = "政府采购法 §53；政府采购法实施条例 §68(8)"
-- confidence = "A"
-- policies = ["ddl.challenge_reply"]
-- inputs = ["challenge.receive", "challenge.reply"]
-- says.zh = "质疑 {name} 于 {received} 收到，应在 {days} 个工作日内（{due} 前）答复，实际答复：{answered}"
-- says.en = "Challenge {name} was received on {received} and was to be answered within {days} working days, by {due}; answered: {answered}"

-- Refusing it, or finding against it, is an answer to be given in time as well.
SELECT received.project,
       received.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(answered.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(answered.position, received.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), received.time) AS since,
       answered.time AS cured,
       CASE WHEN answered.day IS NULL THEN term.due END AS due,
       ARRAY[received.position, answered.position] AS evidence,
       jsonb_build_object('name', received.object, 'received', received.day, 'days', policy.number, 'due', term.due,
                          'answered', answered.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.challenge_reply'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS received
 CROSS JOIN moment
  LEFT JOIN policy ON policy.key = 'ddl.challenge_reply' AND policy.unit = received.unit
                  AND received.time >= policy.starts AND received.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(received.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'challenge.reply' AND act.project = received.project
          AND coalesce(act.object = received.object, true) AND act.time >= received.time
        ORDER BY act.time
        LIMIT 1) AS answered ON true
 WHERE received.type = 'challenge.receive'
