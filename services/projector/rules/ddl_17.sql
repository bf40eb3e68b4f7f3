-- id = "DDL-17"
-- title = {zh = "逾期未支付中小企业款项信息未按期公开", en = "Overdue payments to small and medium suppliers not disclosed"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "保障中小企业款项支付条例（国务院令802号）§18"
-- confidence = "A"
-- policies = ["ddl.sme_disclosure", "pay.sme_sizes", "pay.sme_days", "pay.sme_days_agreed"]
-- inputs = ["accept.perform", "pay.execute", "report.publish"]
-- on = "unit"
-- since = 2025-06-01
-- says.zh = "{year} 年末逾期未支付中小企业款项 {contracts} 份合同、{overdue:money} 元，应在 {due} 前公开，实际公开：{published}"
-- says.en = "At the end of {year} {overdue:money} yuan under {contracts} contracts with small and medium suppliers were overdue and were to be disclosed by {due}; disclosed: {published}"

-- Who owes nothing overdue at the end of a year, as far as its projects are in the case, has nothing to disclose.
WITH ended AS (
    SELECT owed.unit, owed.project, owed.contract, year.number AS year, make_date(year.number, 12, 31) AS day,
           sum(owed.amount) AS fallen, max(owed.position) AS position
      FROM owed
      JOIN unit ON unit.unit = owed.unit
     CROSS JOIN moment
     CROSS JOIN LATERAL generate_series(extract(year FROM owed.due)::integer,
                                        extract(year FROM moment.today)::integer - 1) AS year (number)
     WHERE owed.sme
     GROUP BY owed.unit, owed.project, owed.contract, year.number
), paid AS (
    SELECT act.project, named.root, act.day, act.amount
      FROM act
     CROSS JOIN LATERAL (
           SELECT min(contract.root) AS root
             FROM contract
            WHERE contract.project = act.project AND (act.contract IS NULL OR contract.contract = act.contract)
           HAVING count(DISTINCT contract.root) = 1) AS named
     WHERE act.stands
       AND (act.type = 'pay.execute' OR act.type = 'retention.receive' AND act.data ->> 'form' IS NULL)
), overdue AS (
    SELECT ended.unit, ended.project, ended.contract, ended.year, ended.day, ended.position,
           ended.fallen - coalesce(sum(paid.amount), 0) AS amount
      FROM ended
      LEFT JOIN paid ON paid.project = ended.project AND paid.root = ended.contract AND paid.day <= ended.day
     GROUP BY ended.unit, ended.project, ended.contract, ended.year, ended.day, ended.position, ended.fallen
    HAVING ended.fallen > coalesce(sum(paid.amount), 0)
), listed AS (
    SELECT overdue.unit, overdue.year, sum(overdue.amount) AS amount, count(*) AS contracts,
           array_agg(overdue.position) AS evidence,
           projector.as_day(overdue.year + 1 || '-' || (policy.value #>> '{}')) AS due
      FROM overdue
      JOIN policy ON policy.key = 'ddl.sme_disclosure' AND policy.unit = overdue.unit
                 AND projector.day_starts(overdue.day + 1) >= policy.starts
                 AND projector.day_starts(overdue.day + 1) < policy.ends
     GROUP BY overdue.unit, overdue.year, policy.value
)
SELECT listed.unit,
       listed.year::text AS key,
       CASE WHEN coalesce(published.day, moment.today) <= listed.due THEN 'PASS' ELSE 'FAIL' END AS result,
       published.position AS judged,
       projector.day_starts(listed.due + 1) AS since,
       published.time AS cured,
       CASE WHEN published.day IS NULL THEN listed.due END AS due,
       array_append(listed.evidence, published.position) AS evidence,
       jsonb_build_object('year', listed.year, 'contracts', listed.contracts, 'overdue', listed.amount, 'due', listed.due,
                          'published', published.day) AS computed
  FROM listed
 CROSS JOIN moment
  LEFT JOIN LATERAL (
       SELECT unit_act.position, unit_act.time, unit_act.day
         FROM unit_act
        WHERE unit_act.type = 'report.publish' AND listed.unit IN (unit_act.subject, unit_act.unit)
          AND unit_act.data ->> 'kind' = 'overdue_payments' AND unit_act.data ->> 'year' = listed.year::text
        ORDER BY unit_act.time
        LIMIT 1) AS published ON true
 WHERE listed.due IS NOT NULL
