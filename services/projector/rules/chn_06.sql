-- id = "CHN-06"
-- title = {zh = "方式变更未获批", en = "Change of method not approved"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §27; 政府采购法实施条例 §23"
-- confidence = "A"
-- policies = ["method.open_tender.goods", "method.open_tender.services", "method.open_tender.works"]
-- inputs = ["notice.publish", "single.publicise", "award.decide", "contract.sign", "method.change"]
-- says.zh = "预算 {amount:money} 元，达到公开招标数额标准 {threshold:money} 元，以 {method} 方式采购，活动于 {began} 开始；财政部门批准：{approved}"
-- says.en = "A budget of {amount:money} yuan reaches the open-tender threshold of {threshold:money} yuan; the purchase, by {method}, began on {began}; approved by the finance department: {approved}"

WITH began AS (
    -- Judged where buying by a method begins. A framework agreement and the calls under it have an approval of their
    -- own (财政部令110号): they are no change of method. The approval is the finance department's, before that moment.
    SELECT DISTINCT ON (act.project, course.method) act.project, act.position, act.time, act.day, act.amount,
           course.method, course.position AS stated
      FROM act
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
     WHERE act.type IN ('notice.publish', 'single.publicise', 'eval.perform', 'award.decide', 'contract.sign')
       AND act.stands
       AND coalesce(course.method, '') NOT IN ('open_tender', 'framework', 'framework_call')
     ORDER BY act.project, course.method, act.time, act.known_from, act.position
), changed AS MATERIALIZED (
    SELECT act.project, act.position, act.time, act.day, act.data ->> 'method' AS method,
           unit_kind.kind IS NOT NULL AND NOT act.erased AS known
      FROM act
      LEFT JOIN unit_kind ON unit_kind.unit = act.unit AND act.time >= unit_kind.starts AND act.time < unit_kind.ends
     WHERE act.type = 'method.change' AND act.stands
       AND coalesce(unit_kind.kind, 'finance_department') = 'finance_department'
), measured AS (
    SELECT began.*, project.kind, coalesce(budget.total, began.amount) AS budgeted, policy.number AS threshold
      FROM began
      JOIN project ON project.project = began.project
      LEFT JOIN budget ON budget.project = began.project AND began.time >= budget.starts AND began.time < budget.ends
      LEFT JOIN policy ON policy.key = 'method.open_tender.' || project.kind AND policy.unit = project.unit
                      AND began.time >= policy.starts AND began.time < policy.ends
)
SELECT measured.project,
       coalesce(measured.method, 'unknown') AS key,
       CASE WHEN measured.budgeted < measured.threshold OR approval.late = false AND approval.known THEN 'PASS'
            WHEN measured.budgeted >= measured.threshold AND measured.method IS NOT NULL
                 AND approval.late IS DISTINCT FROM false THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       measured.position AS judged,
       measured.time AS since,
       CASE WHEN approval.late AND approval.known THEN approval.time END AS cured,
       ARRAY[measured.position, measured.stated, approval.position] AS evidence,
       jsonb_build_object('amount', measured.budgeted, 'threshold', measured.threshold, 'method', measured.method,
                          'began', measured.day, 'approved', approval.day,
                          'unknown', CASE WHEN measured.kind IS NULL THEN 'project.open kind'
                                          WHEN measured.threshold IS NULL THEN 'method.open_tender.' || measured.kind
                                          WHEN measured.budgeted IS NULL THEN 'budget.approve amount'
                                          WHEN measured.method IS NULL THEN 'project.open method'
                                          WHEN approval.late = false AND NOT approval.known
                                          THEN 'who approved the method' END) AS computed
  FROM measured
  LEFT JOIN LATERAL (
       SELECT changed.position, changed.time, changed.day, changed.time > measured.time AS late, changed.known
         FROM changed
        WHERE changed.project = measured.project
          AND coalesce(changed.method, measured.method) IS NOT DISTINCT FROM measured.method
        ORDER BY changed.time > measured.time, NOT changed.known, changed.time
        LIMIT 1) AS approval ON true
