-- id = "INT-10"
-- title = {zh = "亲属任职回避", en = "Relatives in one chain of control"}
-- severity = "HIGH"
-- force = "LAW"
-- citation = "公务员法 §74"
-- confidence = "A"
-- inputs = ["relation.record", "coi.declare"]
-- says.zh = "{approver} 在本项目中行使审批或决策职责（{approving}，{approved}），其亲属 {relative} 行使 {role} 职责（{acted}）"
-- says.en = "{approver} approved or decided on this project ({approving}, {approved}) while a relative, {relative}, acted as {role} ({acted})"

-- Who approves: whoever exercises the duty of a deciding act. R6 must last on the day from which both have acted; it is
-- one relation, whoever of the two it was recorded of.
WITH kin AS (
    SELECT relation.person AS one, relation.relative AS other, relation.starts, relation.ends, relation.position
      FROM relation
     WHERE relation.relation = 'R6' AND relation.relative IS NOT NULL
     UNION
    SELECT relation.relative, relation.person, relation.starts, relation.ends, relation.position
      FROM relation
     WHERE relation.relation = 'R6' AND relation.relative IS NOT NULL
), met AS (
    SELECT DISTINCT ON (above.project, kin.one, kin.other) above.project, kin.one AS approver, kin.other AS relative,
           kin.position AS known_by, decided.position AS deciding, decided.type AS approving, decided.day AS approved,
           below.position AS doing, below.role, below.day AS acted, greatest(decided.time, below.time) AS time,
           CASE WHEN decided.time > below.time THEN decided.position ELSE below.position END AS judged
      FROM kin
      JOIN hand AS above ON above.person = kin.one AND above.counts AND above.human
      JOIN act AS decided ON decided.position = above.position AND decided.class = 'D' AND above.role = decided.duty
                         AND decided.stage NOT IN ('SETUP', 'AUTHORITY', 'INTEREST', 'OVERSIGHT')
      JOIN hand AS below ON below.project = above.project AND below.person = kin.other AND below.counts AND below.human
                        AND (below.role IN ('cashier', 'supervisor') OR below.role LIKE '%\_preparer')
     WHERE (kin.starts IS NULL OR kin.starts <= greatest(decided.day, below.day))
       AND (kin.ends IS NULL OR kin.ends >= greatest(decided.day, below.day))
     ORDER BY above.project, kin.one, kin.other, greatest(decided.time, below.time), decided.position, below.position
)
SELECT met.project,
       met.approver || ' ' || met.relative AS key,
       'FAIL' AS result,
       met.judged,
       ARRAY[met.approver, met.relative] AS persons,
       met.time AS since,
       ARRAY[met.known_by, met.deciding, met.doing] AS evidence,
       jsonb_build_object('approver', met.approver, 'relative', met.relative, 'approving', met.approving,
                          'approved', met.approved, 'role', met.role, 'acted', met.acted) AS computed
  FROM met
