-- id = "NEG-05"
-- title = {zh = "超标准配置或豪华采购", en = "Bought above the asset standard"}
-- severity = "HIGH"
-- force = "LAW"
-- citation = "政府采购法 §71(2)"
-- confidence = "A"
-- policies = ["neg.asset_standard"]
-- inputs = ["contract.sign", "contract.amend", "req.review", "doc.check", "supervise.inspect"]
-- says.zh = "合同 {contract} 于 {signed} 签订，单价超过资产配置标准（单价 > 标准）：{over}；审查或检查指出：{detail}"
-- says.en = "Contract {contract} was signed on {signed}; prices above the asset standard (price > standard): {over}; coded in a review or inspection: {detail}"

-- The standard is the row for the item's category, else for the longest beginning of it; a category without one has none.
-- The price of a single item may follow from the amount and the quantity, compared without dividing. What a reviewer coded
-- and nobody settled before signing counts as well.
WITH line AS (
    SELECT act.position, listed.item ->> 'name' AS name, projector.as_number(listed.item ->> 'unit_price') AS price,
           projector.as_number(listed.item ->> 'quantity') AS quantity,
           coalesce(listed.item ->> 'category', project.category) AS category,
           CASE WHEN jsonb_array_length(act.data -> 'items') = 1 THEN act.amount END AS sole_amount,
           standards.value
      FROM act
      JOIN project ON project.project = act.project
      JOIN policy AS standards ON standards.key = 'neg.asset_standard' AND standards.unit = act.unit
                              AND act.time >= standards.starts AND act.time < standards.ends
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'items')
                                             WHEN 'array' THEN act.data -> 'items' ELSE '[]' END) AS listed (item)
     WHERE act.type IN ('contract.sign', 'contract.amend') AND act.stands
       AND jsonb_typeof(standards.value) = 'object'
), compared AS (
    SELECT line.position, line.name, standard.price AS standard, coalesce(line.price, line.sole_amount) AS price,
           CASE WHEN line.price IS NOT NULL THEN 1 ELSE line.quantity END AS times
      FROM line
     CROSS JOIN LATERAL (
           SELECT projector.as_number(entry.value) AS price
             FROM jsonb_each_text(line.value) AS entry
            WHERE starts_with(line.category, entry.key)
            ORDER BY length(entry.key) DESC
            LIMIT 1) AS standard
), judged AS (
    SELECT compared.position, bool_or(compared.price > compared.standard * compared.times) AS is_over,
           bool_or(compared.price > compared.standard * compared.times IS NULL) AS is_open,
           array_agg(concat_ws(' ', compared.name, compared.price, '>', compared.standard,
                               CASE WHEN compared.times > 1 THEN '× ' || compared.times END))
               FILTER (WHERE compared.price > compared.standard * compared.times) AS over
      FROM compared
     GROUP BY compared.position
)
SELECT act.project,
       act.position::text AS key,
       CASE WHEN judged.is_over OR coded.positions IS NOT NULL THEN 'FAIL'
            WHEN policy.value IS NULL OR judged.is_open THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       act.position AS judged,
       act.time AS since,
       CASE WHEN judged.is_over IS NOT TRUE THEN coded.resolved END AS cured,
       act.position || coalesce(coded.positions, '{}') AS evidence,
       jsonb_build_object('contract', coalesce(act.object, act.type), 'signed', act.day, 'over', judged.over,
                          'detail', coded.details,
                          'unknown', CASE WHEN policy.value IS NULL THEN 'neg.asset_standard'
                                          WHEN judged.is_open THEN act.type || ' items unit_price' END) AS computed
  FROM act
  JOIN project ON project.project = act.project
  LEFT JOIN policy ON policy.key = 'neg.asset_standard' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
  LEFT JOIN judged ON judged.position = act.position
 CROSS JOIN LATERAL (
       SELECT array_agg(issue.position) AS positions, array_agg(DISTINCT issue.detail) FILTER (WHERE issue.detail IS NOT NULL) AS details,
              CASE WHEN bool_and(issue.resolved IS NOT NULL) THEN max(issue.resolved) END AS resolved
         FROM issue
        WHERE issue.rule = 'NEG-05' AND issue.project = act.project AND act.type = 'contract.sign'
          AND (issue.time > act.time OR issue.resolved IS NULL OR issue.resolved > act.time)) AS coded
 WHERE act.type IN ('contract.sign', 'contract.amend')
   AND act.stands
   AND (coded.positions IS NOT NULL OR judged.position IS NOT NULL OR policy.value IS NULL AND project.kind = 'goods')
