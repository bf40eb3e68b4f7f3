-- id = "AMT-01"
-- title = {zh = "合同超预算", en = "Award or contract over budget"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §6, §36(3)"
-- confidence = "A"
-- inputs = ["award.decide", "contract.sign", "contract.amend", "budget.approve", "budget.adjust"]
-- says.zh = "截至 {day}，{what_zh}累计 {total:money} 元，当时批准的预算为 {budget:money} 元，超出 {excess:money} 元"
-- says.en = "By {day} {what_en} came to CNY {total:money} in all; the budget approved at the time was CNY {budget:money}, exceeded by CNY {excess:money}"

-- A project's awards in force add up (lots), and so do its contracts with their supplements (集采分签: of every unit). A
-- supplement that lowers the sum is not judged.
WITH committed AS (
    SELECT award.position, award.project, award.time, award.day, false AS contracted,
           (SELECT CASE WHEN count(*) = count(beside.amount) THEN sum(beside.amount) END
              FROM award AS beside
             WHERE beside.project = award.project AND (beside.time, beside.position) <= (award.time, award.position)
               AND beside.ends > award.time) AS total,
           ARRAY[award.position] AS acts
      FROM award
     UNION ALL
    SELECT counted.position, counted.project, counted.time, counted.day, true,
           CASE WHEN count(*) OVER in_turn = count(counted.yuan) OVER in_turn THEN sum(counted.yuan) OVER in_turn END,
           array_agg(counted.position) OVER in_turn
      FROM (SELECT contract.*,
                   CASE WHEN coalesce(contract.data ->> 'currency', 'CNY') = 'CNY' THEN contract.amount END AS yuan
              FROM contract) AS counted
    WINDOW in_turn AS (PARTITION BY counted.project ORDER BY counted.time, counted.position)
)
SELECT committed.project,
       committed.position::text AS key,
       CASE WHEN committed.total > budget.total THEN 'FAIL'
            WHEN committed.total <= budget.total THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       committed.position AS judged,
       committed.time AS since,
       raised.time AS cured,
       committed.acts || budget.position AS evidence,
       jsonb_build_object('day', committed.day, 'total', committed.total, 'budget', budget.total,
                          'excess', committed.total - budget.total,
                          'what_zh', CASE WHEN committed.contracted THEN '合同及补充合同金额' ELSE '中标（成交）金额' END,
                          'what_en', CASE WHEN committed.contracted THEN 'contracts and supplements' ELSE 'awards' END,
                          'unknown', CASE WHEN budget.position IS NULL THEN 'budget.approve'
                                          WHEN budget.total IS NULL THEN 'budget.approve amount'
                                          WHEN committed.total IS NULL THEN act.type || ' amount' END) AS computed
  FROM committed
  JOIN act ON act.position = committed.position
  JOIN course ON course.project = committed.project AND committed.time >= course.starts AND committed.time < course.ends
  LEFT JOIN budget ON budget.project = committed.project AND committed.time >= budget.starts AND committed.time < budget.ends
  LEFT JOIN LATERAL (
       SELECT min(later.starts) AS time
         FROM budget AS later
        WHERE committed.total > budget.total AND later.project = committed.project AND later.starts > committed.time
          AND later.total >= committed.total) AS raised ON true
 WHERE (act.amount > 0 OR act.amount IS NULL)
   AND NOT (act.amount IS NULL AND NOT act.erased AND course.method = 'framework')
