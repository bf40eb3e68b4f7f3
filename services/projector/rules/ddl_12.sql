-- id = "DDL-12"
-- title = {zh = "投诉说明逾期", en = "Response to a complaint late"}
-- severity = "HIGH"
-- force = "RULE"
-- citation = "财政部令94号 §21"
-- confidence = "B"
-- policies = ["ddl.complaint_response"]
-- inputs = ["complaint.receive", "complaint.respond"]
-- since = 2018-03-01
-- says.zh = "投诉 {name} 的答复通知书于 {received} 收到，应在 {days} 个工作日内（{due} 前）向财政部门书面说明，实际说明：{answered}"
-- says.en = "The notice of complaint {name} was received on {received} and the finance department was to have a written response within {days} working days, by {due}; responded: {answered}"

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
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.complaint_response'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS received
 CROSS JOIN moment
  LEFT JOIN policy ON policy.key = 'ddl.complaint_response' AND policy.unit = received.unit
                  AND received.time >= policy.starts AND received.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(received.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'complaint.respond' AND act.project = received.project
          AND coalesce(act.object = received.object, true) AND act.time >= received.time
        ORDER BY act.time
        LIMIT 1) AS answered ON true
 WHERE received.type = 'complaint.receive'
