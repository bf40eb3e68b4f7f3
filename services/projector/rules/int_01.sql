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
-- counts from when it was known, so that one dated back is late. The full join, whose further rows are left out, keeps
-- PostgreSQL from going through all declarations for each person.
WITH agent AS (
    SELECT DISTINCT act.project, employer.person, employer.starts, employer.ends
      FROM act
      JOIN employer ON employer.employer = act.data ->> 'agency'
     WHERE act.type = 'agency.sign'
), part AS MATERIALIZED (
    SELECT hand.project, hand.person, hand.role, hand.position, hand.time, hand.day, act.unit, act.stage
      FROM hand
      JOIN act ON act.position = hand.position
     WHERE hand.counts AND hand.human
       AND (hand.role IN (SELECT unnest(policy.list) FROM policy WHERE policy.key = 'int.declare_roles')
            OR hand.person IN (SELECT agent.person FROM agent))
), asked AS (
    SELECT DISTINCT ON (part.project, part.person) part.project, part.person, part.role, part.position, part.time, part.day
      FROM part
      JOIN policy ON policy.key = 'int.declare_roles' AND policy.unit = part.unit
                 AND part.time >= policy.starts AND part.time < policy.ends
      LEFT JOIN agent ON agent.project = part.project AND agent.person = part.person
                     AND part.time >= agent.starts AND part.time < agent.ends
     WHERE part.role = ANY (policy.list)
        OR agent.person IS NOT NULL AND part.stage <> 'INTEREST' AND '@agency' = ANY (policy.list)
     ORDER BY part.project, part.person, part.time, part.position
), made AS (
    SELECT DISTINCT ON (declaration.project, declaration.person) declaration.project, declaration.person,
           declaration.position, greatest(declaration.time, declaration.known_from) AS known
      FROM declaration
     ORDER BY declaration.project, declaration.person, 4, 3
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
  FULL JOIN made ON made.project = asked.project AND made.person = asked.person
 WHERE coalesce(asked.project, '') <> ''
