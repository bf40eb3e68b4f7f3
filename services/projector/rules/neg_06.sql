-- id = "NEG-06"
-- title = {zh = "停止后仍采用协议供货、定点采购", en = "Agreement supply after it ended"}
-- severity = "MEDIUM"
-- force = "RULE"
-- citation = "财政部令110号; 财库〔2022〕17号"
-- confidence = "A"
-- policies = ["method.agreement_supply_end"]
-- inputs = ["project.open", "plan.prepare", "plan.approve", "method.change"]
-- since = 2022-03-01
-- says.zh = "{act} 于 {decided} 采用协议供货（定点采购），该方式自 {ended} 起停止"
-- says.en = "{act} of {decided} chose agreement supply, which ended on {ended}"

-- Agreements of before ran to their end (17号): what was decided before that day stays. One finding for a project, by the
-- first act that says so from that day on.
SELECT act.project,
       'agreement_supply' AS key,
       'FAIL' AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position] AS evidence,
       jsonb_build_object('act', act.type, 'decided', act.day, 'ended', act.ended) AS computed
  FROM (SELECT DISTINCT ON (act.project) act.project, act.position, act.type, act.time, act.day,
               projector.as_day(policy.value #>> '{}') AS ended
          FROM act
          JOIN policy ON policy.key = 'method.agreement_supply_end' AND policy.unit = act.unit
                     AND act.time >= policy.starts AND act.time < policy.ends
         WHERE act.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change') AND act.stands
           AND act.data ->> 'method' = 'agreement_supply'
           AND act.day >= projector.as_day(policy.value #>> '{}')
         ORDER BY act.project, act.time, act.position) AS act
