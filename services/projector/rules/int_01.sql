-- id = "INT-01"
-- title = {zh = "应申报未申报", en = "Missing declaration"}
-- severity = "HIGH"
-- force = "GUIDE"
-- citation = "政府采购法 §12; 财库〔2016〕99号"
-- confidence = "B"
-- since = 2015-03-01
-- policies = ["int.declare_roles"]
-- inputs = ["coi.declare"]
-- says.zh = "{person} 于 {acted} 首次以 {role} 身份参与本项目，此前未申报利害关系（登记在案的申报时间：{declared}）"
-- says.en = "{person} first took part in this project on {acted}, as {role}, and had declared no interests by then (declaration on record: {declared})"

-- One question for each person: had they declared before the first thing they did in a role that must? A declaration
-- counts from when it was known, so that one dated back is late.
WITH agent AS (
    SELECT DISTINCT act.project, employer.person, employer.starts, employer.ends
      FROM act
      JOIN employer ON employer.employer = act.data ->> 'agency'
     WHERE act.type = 'agency.sign'
), asked AS (
    SELECT DISTINCT ON (hand.project, hand.person) hand.project, hand.person, hand.role, hand.position, hand.time, hand.day
      FROM hand
      JOIN act ON act.position = hand.position
      JOIN policy ON policy.key = 'int.declare_roles' AND policy.unit = act.unit
                 AND act.time >= policy.starts AND act.time < policy.ends
      LEFT JOIN agent ON agent.project = hand.project AND agent.person = hand.person
                     AND hand.time >= agent.starts AND hand.time < agent.ends
     WHERE hand.counts AND hand.human
       AND (hand.role = ANY (policy.list)
            OR agent.person IS NOT NULL AND act.stage <> 'INTEREST' AND '@agency' = ANY (policy.list))
     ORDER BY hand.project, hand.person, hand.time, hand.position
)
SELECT asked.project,
       asked.person AS key,
       CASE WHEN made.known <= asked.time THEN 'PASS' ELSE 'FAIL' END AS result,
       asked.position AS judged,
       ARRAY[asked.person] AS persons,
       asked.time AS since,
       made.known AS cured,
       ARRAY[asked.position, made.position] AS evidence,
       jsonb_build_object('person', asked.person, 'acted', asked.day, 'role', asked.role,
                          'declared', projector.local_day(made.known)) AS computed
  FROM asked
  LEFT JOIN LATERAL (
       SELECT declaration.position, greatest(declaration.time, declaration.known_from) AS known
         FROM declaration
        WHERE declaration.project = asked.project AND declaration.person = asked.person
        ORDER BY 2, 1
        LIMIT 1) AS made ON true
