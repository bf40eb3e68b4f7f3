-- id = "DDL-09"
-- title = {zh = "合同备案逾期", en = "Contract filed late"}
-- severity = "MEDIUM"
-- force = "LAW"
-- citation = "政府采购法 §47；政府采购法实施条例 §67(8)"
-- confidence = "A"
-- policies = ["ddl.contract_file"]
-- inputs = ["contract.sign", "contract.amend", "contract.file"]
-- says.zh = "合同 {contract} 于 {signed} 签订，副本应在 {days} 个工作日内（{due} 前）报备案，实际备案：{filed}"
-- says.en = "Contract {contract} was signed on {signed} and a copy was to be filed within {days} working days, by {due}; filed: {filed}"

-- A supplement is filed as well.
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(filed.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(filed.position, contract.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), contract.time) AS since,
       filed.time AS cured,
       CASE WHEN filed.day IS NULL THEN term.due END AS due,
       ARRAY[contract.position, filed.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'days', policy.number,
                          'due', term.due, 'filed', filed.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.contract_file'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM contract
 CROSS JOIN moment
  LEFT JOIN course ON course.project = contract.project AND contract.time >= course.starts AND contract.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.contract_file' AND policy.unit = contract.unit
                  AND contract.time >= policy.starts AND contract.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(contract.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'contract.file' AND act.project = contract.project AND act.stands
          AND (act.contract IS NULL OR contract.contract IN (act.contract, act.data ->> 'object')
               OR contract.contract LIKE 'act:%')
          AND act.time >= contract.time
        ORDER BY act.time
        LIMIT 1) AS filed ON true
 WHERE NOT coalesce('contract.file' = ANY (course.skips), false)
