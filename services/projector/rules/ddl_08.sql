-- id = "DDL-08"
-- title = {zh = "合同公告逾期", en = "Contract published late"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §50, §67(7)"
-- confidence = "A"
-- policies = ["ddl.contract_publish"]
-- inputs = ["contract.sign", "contract.amend", "contract.publish"]
-- since = 2015-03-01
-- says.zh = "合同 {contract} 于 {signed} 签订，应在 {days} 个工作日内（{due} 前）公告，实际公告：{published}"
-- says.en = "Contract {contract} was signed on {signed} and was to be published within {days} working days, by {due}; published: {published}"

-- A supplement is published as well.
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(published.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(published.position, contract.position) AS judged,
       coalesce(projector.day_starts(term.due + 1), contract.time) AS since,
       published.time AS cured,
       CASE WHEN published.day IS NULL THEN term.due END AS due,
       ARRAY[contract.position, published.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'days', policy.number,
                          'due', term.due, 'published', published.day,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.contract_publish'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM contract
 CROSS JOIN moment
  LEFT JOIN course ON course.project = contract.project AND contract.time >= course.starts AND contract.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.contract_publish' AND policy.unit = contract.unit
                  AND contract.time >= policy.starts AND contract.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(contract.day, policy.number::integer, policy.measure, policy.rolls) AS due OFFSET 0) AS term
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
