-- id = "BND-03"
-- title = {zh = "限定现金或拒收保函", en = "Cash demanded or a guarantee refused"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §33, §48; 保障中小企业款项支付条例 §13"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["bnd.forms"]
-- inputs = ["bidsec.receive", "perfsec.receive", "retention.receive"]
-- says.zh = "{day} {supplier} 的保证金 {security}：{what_zh}"
-- says.en = "Security {security} of {supplier} on {day}: {what_en}"

-- Bid and performance security is taken in a form other than cash. Of any security a guarantee may not be refused; refusing
-- cash is what the text asks for, and one sent back to be put right (revise) is not refused. Retention money is withheld in
-- money, which is no cash demanded.
WITH taken AS (
    SELECT act.position, act.project, act.type, act.object, act.supplier, act.time, act.day, act.unit, act.result,
           act.data ->> 'form' AS form
      FROM act
     WHERE act.type IN ('bidsec.receive', 'perfsec.receive', 'retention.receive')
       AND (act.result = 'fail' OR act.stands AND act.type <> 'retention.receive')
)
SELECT taken.project,
       taken.position::text AS key,
       CASE WHEN taken.form IS NULL OR policy.list IS NULL AND taken.result IS DISTINCT FROM 'fail' THEN 'UNDETERMINED'
            WHEN taken.result = 'fail' AND taken.form = 'guarantee' THEN 'FAIL'
            WHEN taken.result IS DISTINCT FROM 'fail' AND NOT taken.form = ANY (policy.list) THEN 'FAIL'
            ELSE 'PASS' END AS result,
       taken.position AS judged,
       taken.time AS since,
       (SELECT min(act.time)
          FROM act
         WHERE taken.result = 'fail' AND act.type = taken.type AND act.project = taken.project AND act.stands
           AND act.time > taken.time AND act.data ->> 'form' = 'guarantee'
           AND (act.supplier = taken.supplier OR act.object = taken.object)) AS cured,
       ARRAY[taken.position] AS evidence,
       jsonb_build_object('security', taken.object, 'supplier', taken.supplier, 'day', taken.day,
                          'what_zh', CASE WHEN taken.result = 'fail' THEN '提交的是保函，被拒收'
                                          WHEN taken.form = 'cash' THEN '以现金收取'
                                          ELSE '以 ' || taken.form || ' 形式收取' END,
                          'what_en', CASE WHEN taken.result = 'fail' THEN 'it was a guarantee, and was refused'
                                          WHEN taken.form = 'cash' THEN 'it was taken in cash'
                                          ELSE 'it was taken in the form of ' || taken.form END,
                          'unknown', CASE WHEN taken.form IS NULL THEN taken.type || ' form'
                                          WHEN policy.list IS NULL THEN 'bnd.forms' END) AS computed
  FROM taken
  LEFT JOIN policy ON policy.key = 'bnd.forms' AND policy.unit = taken.unit
                  AND taken.time >= policy.starts AND taken.time < policy.ends
