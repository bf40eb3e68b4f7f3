-- id = "CHN-16"
-- title = {zh = "合同未法审", en = "Contract without legal review"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §11, §23"
-- confidence = "A"
-- policies = ["xq.goods", "xq.services", "xq.works"]
-- since = 2021-07-01
-- inputs = ["contract.sign", "contract.review"]
-- says.zh = "项目（预算 {amount:money} 元）的合同文本应经法律顾问审定，合同 {contract} 于 {signed} 签订，此前没有法律审核（法律审核：{reviewed}）"
-- says.en = "The contract of this project (budget {amount:money} yuan) is to be reviewed by legal counsel; contract {contract} was signed on {signed} without (legal review: {reviewed})"

WITH demanding AS (
    -- Projects of article 11: from the amount on (it counts itself), or for the public, or complex. A legal review is a
    -- review of the contract by a hand of the legal function, or an opinion among the documents of any act on it.
    SELECT contract.project, contract.position, contract.contract, contract.time, contract.day,
           coalesce(budget.total, contract.amount) AS amount_of,
           CASE WHEN project.public_service OR project.complex THEN true
                WHEN coalesce(budget.total, contract.amount) >= floor.high THEN true
                WHEN coalesce(budget.total, contract.amount) < floor.low AND NOT opening.erased THEN false END AS due
      FROM contract
      JOIN project ON project.project = contract.project
      LEFT JOIN act AS opening ON opening.position = project.position
      LEFT JOIN course ON course.project = contract.project
                      AND contract.time >= course.starts AND contract.time < course.ends
      LEFT JOIN budget ON budget.project = contract.project
                      AND contract.time >= budget.starts AND contract.time < budget.ends
     CROSS JOIN LATERAL (
           SELECT min(policy.number) AS low, max(policy.number) AS high
             FROM policy
            WHERE policy.key = ANY (CASE WHEN project.kind IN ('goods', 'services', 'works')
                                         THEN ARRAY['xq.' || project.kind]
                                         ELSE ARRAY['xq.goods', 'xq.services', 'xq.works'] END)
              AND policy.unit = project.unit
              AND contract.time >= policy.starts AND contract.time < policy.ends) AS floor
     WHERE contract.signed
       AND floor.low IS NOT NULL
       AND NOT 'contract.review' = ANY (coalesce(course.skips, '{}'))
)
SELECT demanding.project,
       demanding.position::text AS key,
       CASE WHEN review.late = false AND review.legal THEN 'PASS'
            WHEN demanding.due IS NULL OR review.late = false THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       demanding.position AS judged,
       demanding.time AS since,
       CASE WHEN review.late AND review.legal THEN review.time END AS cured,
       ARRAY[demanding.position, review.position] AS evidence,
       jsonb_build_object('amount', demanding.amount_of, 'contract', demanding.contract, 'signed', demanding.day,
                          'reviewed', CASE WHEN review.legal THEN review.day END,
                          'unknown', CASE WHEN review.late = false AND NOT review.legal THEN 'contract.review function'
                                          WHEN demanding.due IS NULL THEN 'amount, kind or flags of the project' END)
           AS computed
  FROM demanding
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day, act.time > demanding.time AS late, seen.legal
         FROM act
        CROSS JOIN LATERAL (
              SELECT coalesce(act.data @> '{"documents": [{"kind": "legal_opinion"}]}', false)
                     OR coalesce(bool_or(hand.function = 'legal'), false) AS legal,
                     act.erased OR bool_or(hand.function IS NULL AND hand.human) AS open
                FROM hand
               WHERE hand.position = act.position AND hand.counts AND act.type = 'contract.review') AS seen
        WHERE act.project = demanding.project AND act.type <> 'file.archive' AND act.stands
          AND (act.type = 'contract.review' OR act.data @> '{"documents": [{"kind": "legal_opinion"}]}')
          AND (act.contract = demanding.contract OR act.contract IS NULL OR demanding.contract LIKE 'act:%')
          AND (seen.legal OR seen.open)
        ORDER BY act.time > demanding.time, seen.legal DESC, act.time
        LIMIT 1) AS review ON true
 WHERE demanding.due IS NOT false
