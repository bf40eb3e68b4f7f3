-- id = "DIS-07"
-- title = {zh = "合同未公告", en = "Contract never published"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §50"
-- confidence = "A"
-- policies = ["ddl.contract_publish", "dis.contract_never"]
-- inputs = ["contract.sign", "contract.amend", "contract.publish"]
-- since = 2015-03-01
-- says.zh = "合同 {contract} 于 {signed} 签订，公告期限（{due}）届满后又过 {number} 个工作日（至 {never}）仍未公告，实际公告：{published}"
-- says.en = "Contract {contract} was signed on {signed}; {number} working days after it was to be published ({due}), on {never}, it was not; published: {published}"

-- Besides DDL-08, which is about being late: this is what is not, or hardly, going to be published at all.
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN never.day IS NULL THEN 'UNDETERMINED' ELSE 'FAIL' END AS result,
       coalesce(published.position, contract.position) AS judged,
       coalesce(projector.day_starts(never.day + 1), contract.time) AS since,
       published.time AS cured,
       CASE WHEN published.day IS NULL THEN never.day END AS due,
       ARRAY[contract.position, published.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'due', term.due, 'number', late.number,
                          'never', never.day, 'published', published.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.contract_publish'
                                          WHEN late.number IS NULL THEN 'dis.contract_never'
                                          WHEN never.day IS NULL THEN 'calendar' END) AS computed
  FROM contract
 CROSS JOIN moment
  LEFT JOIN course ON course.project = contract.project AND contract.time >= course.starts AND contract.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.contract_publish' AND policy.unit = contract.unit
                  AND contract.time >= policy.starts AND contract.time < policy.ends
  LEFT JOIN policy AS late ON late.key = 'dis.contract_never' AND late.unit = contract.unit
                          AND contract.time >= late.starts AND contract.time < late.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(contract.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
 CROSS JOIN LATERAL (
       SELECT projector.due_day(term.due, late.number::integer, late.measure, late.rolls) AS day OFFSET 0) AS never
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'contract.publish' AND act.project = contract.project AND act.stands
          AND (act.contract IS NULL OR contract.contract IN (act.contract, act.data ->> 'object')
               OR contract.contract LIKE 'act:%')
          AND act.time >= contract.time
        ORDER BY act.time
        LIMIT 1) AS published ON true
 WHERE NOT coalesce('contract.publish' = ANY (course.skips), false)
   AND coalesce(coalesce(published.day, moment.today) > never.day,
                published.day IS NULL
                AND coalesce(moment.today > coalesce(term.due, contract.day) + late.number::integer, true))
