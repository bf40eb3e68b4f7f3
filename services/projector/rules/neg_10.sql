-- id = "NEG-10"
-- title = {zh = "未落实中小企业预留", en = "Not set aside for small and medium suppliers"}
-- severity = "MEDIUM"
-- force = "NORM"
-- citation = "财库〔2020〕46号 §8"
-- confidence = "C"
-- policies = ["neg.sme.goods", "neg.sme.services", "neg.sme.works"]
-- inputs = ["project.open", "budget.approve", "plan.prepare", "plan.approve"]
-- since = 2021-01-01
-- says.zh = "采购实施计划于 {approved} 审定，预算金额 {amount:money}，不超过 {limit:money} 的项目应专门面向中小企业，实际预留 {set_aside}，未说明理由"
-- says.en = "The plan approved on {approved} is for {amount:money}; up to {limit:money} a purchase is to be set aside for small and medium suppliers as a whole; set aside: {set_aside}, and no reason is given"

-- Up to the limit the whole purchase; a part is for larger ones. Who states a reason in the plan or its approval has one:
-- whether it is a good one is not for a rule. Framework agreements are exempt.
SELECT act.project,
       act.position::text AS key,
       CASE WHEN course.sme_set_aside = 'whole' OR stated.reason THEN 'PASS'
            WHEN policy.number IS NULL OR size.amount IS NULL THEN 'UNDETERMINED'
            WHEN size.amount > policy.number THEN 'PASS'
            WHEN course.sme_set_aside IS NULL THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       later.starts AS cured,
       ARRAY[act.position, project.position, course.position, later.position] AS evidence,
       jsonb_build_object('approved', act.day, 'amount', size.amount, 'limit', policy.number,
                          'set_aside', course.sme_set_aside,
                          'unknown', CASE WHEN course.sme_set_aside = 'whole' OR stated.reason THEN NULL
                                          WHEN project.kind IS NULL THEN 'project.open kind'
                                          WHEN policy.number IS NULL THEN 'neg.sme.' || project.kind
                                          WHEN size.amount IS NULL THEN 'plan.approve amount'
                                          WHEN course.sme_set_aside IS NULL AND size.amount <= policy.number
                                          THEN 'plan.approve sme_set_aside' END) AS computed
  FROM act
  JOIN project ON project.project = act.project
  JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
  LEFT JOIN policy ON policy.key = 'neg.sme.' || project.kind AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
  LEFT JOIN budget ON budget.project = act.project AND act.time >= budget.starts AND act.time < budget.ends
 CROSS JOIN LATERAL (SELECT coalesce(act.amount, budget.total) AS amount) AS size
 CROSS JOIN LATERAL (
       SELECT EXISTS (SELECT FROM act AS plan
                       WHERE plan.type IN ('plan.prepare', 'plan.approve') AND plan.project = act.project
                         AND plan.stands AND plan.time <= act.time AND plan.data ->> 'reason' <> '') AS reason) AS stated
  LEFT JOIN LATERAL (
       SELECT next.starts, next.position
         FROM course AS next
        WHERE next.project = act.project AND next.starts > act.time AND next.sme_set_aside = 'whole'
        ORDER BY next.starts
        LIMIT 1) AS later ON true
 WHERE act.type = 'plan.approve'
   AND act.stands
   AND coalesce(course.method, '') NOT IN ('framework', 'framework_call')
