-- id = "SPL-02"
-- title = {zh = "拆分规避限额标准或集中采购", en = "Splitting to stay below the threshold or outside the catalogue"}
-- severity = "HIGH"
-- force = "LOCAL"
-- citation = "地方集中采购目录及采购限额标准"
-- confidence = "B"
-- since = 2015-03-01
-- policies = ["method.threshold.goods", "method.threshold.services", "method.threshold.works", "method.catalogue", "method.catalogue_amount", "spl.count"]
-- inputs = ["project.open", "award.decide", "contract.sign", "contract.amend", "budget.adjust", "method.change"]
-- says.zh = "{unit} {year} 年度在预算项目 {budget_project} 下采购同一品目或类别（{class}）{times} 次，每次都低于{limit_zh} {threshold:money} 元，累计 {total:money} 元：{projects}"
-- says.en = "In {year} {unit} bought the same item or class ({class}) under the budget project {budget_project} {times} times, each below the {limit_en} of CNY {threshold:money}, for CNY {total:money} in all: {projects}"

-- The same groups as SPL-01, works too. The threshold is evaded by what was bought as below it: what went through a procedure
-- of government procurement evaded nothing. The catalogue, by what is in it and was not bought centrally. Reaching the limit
-- is enough.
WITH bought AS (
    SELECT purchase.*,
           CASE WHEN purchase.category ~ '^[ABC][0-9]{4}([0-9]{2})*$' THEN left(purchase.category, 5)
                ELSE coalesce(purchase.category, '') END AS class,
           coalesce(purchase.organisation = 'below_threshold', purchase.method = 'self_organised') AS below
      FROM purchase
     WHERE purchase.bought AND purchase.method IS DISTINCT FROM 'open_tender'
       AND NOT purchase.adjusted AND NOT purchase.approved
), tried AS (
    SELECT bought.*, test.name, test.amount AS threshold, times.number AS least,
           test.applies AND bought.class <> '' AND bought.amount IS NOT NULL AS sure,
           sum(bought.amount) FILTER (WHERE test.applies) OVER in_turn AS so_far,
           count(*) FILTER (WHERE test.applies) OVER in_turn AS ordinal
      FROM (SELECT bought.*, max(bought.time) OVER whole AS last, max(bought.kind) OVER whole AS whole_kind
              FROM bought
            WINDOW whole AS (PARTITION BY bought.unit, bought.fiscal_year, bought.budget_project, bought.class)) AS bought
      LEFT JOIN policy AS limits ON limits.key = 'method.threshold.' || bought.whole_kind AND limits.unit = bought.unit
                                AND bought.last >= limits.starts AND bought.last < limits.ends
      LEFT JOIN policy AS listed ON listed.key = 'method.catalogue' AND listed.unit = bought.unit
                                AND bought.last >= listed.starts AND bought.last < listed.ends
      LEFT JOIN policy AS listed_from ON listed_from.key = 'method.catalogue_amount' AND listed_from.unit = bought.unit
                                     AND bought.last >= listed_from.starts AND bought.last < listed_from.ends
      LEFT JOIN policy AS times ON times.key = 'spl.count' AND times.unit = bought.unit
                               AND bought.last >= times.starts AND bought.last < times.ends
     CROSS JOIN LATERAL (VALUES
           ('threshold', limits.number, bought.below),
           ('catalogue', CASE WHEN listed.list IS NOT NULL THEN listed_from.number END,
            bought.organisation IS DISTINCT FROM 'central'
            AND (listed.list IS NULL
                 OR EXISTS (SELECT
                              FROM unnest(listed.list) AS entry (code)
                             WHERE bought.category = entry.code
                                OR bought.category ~ '^[ABC]([0-9]{2})*$' AND entry.code ~ '^[ABC]([0-9]{2})*$'
                                   AND starts_with(bought.category, entry.code))))) AS test (name, amount, applies)
     WHERE coalesce(test.applies, true) AND coalesce(bought.amount < test.amount, true)
    WINDOW in_turn AS (PARTITION BY bought.unit, bought.fiscal_year, bought.budget_project, bought.class, test.name
                           ORDER BY bought.time, bought.position)
), grouped AS (
    SELECT tried.unit, tried.fiscal_year, tried.budget_project, tried.class, tried.name, tried.threshold, tried.least,
           max(tried.kind) AS kind, count(*) AS all_times, max(tried.time) AS last, sum(tried.amount) AS all_total,
           count(*) FILTER (WHERE tried.sure) AS times, sum(tried.amount) FILTER (WHERE tried.sure) AS total,
           count(*) - count(tried.amount) AS unknown, array_agg(tried.project ORDER BY tried.project) AS projects,
           min(tried.time) FILTER (WHERE tried.so_far >= tried.threshold AND tried.ordinal >= tried.least) AS since
      FROM tried
     GROUP BY tried.unit, tried.fiscal_year, tried.budget_project, tried.class, tried.name, tried.threshold, tried.least
), judged AS (
    SELECT grouped.*,
           CASE WHEN grouped.times >= grouped.least AND grouped.total >= grouped.threshold THEN 'FAIL'
                WHEN grouped.threshold IS NULL OR grouped.least IS NULL OR grouped.unknown > 0
                     OR grouped.all_total >= grouped.threshold THEN 'UNDETERMINED'
                ELSE 'PASS' END AS result
      FROM grouped
     WHERE grouped.all_times >= coalesce(grouped.least, 2)
), said AS (
    SELECT tried.unit, tried.fiscal_year, tried.budget_project, tried.class, tried.name, array_agg(stated.position) AS acts
      FROM tried
     CROSS JOIN LATERAL unnest(tried.acts) AS stated (position)
     GROUP BY tried.unit, tried.fiscal_year, tried.budget_project, tried.class, tried.name
)
SELECT DISTINCT ON (project.project, key)
       project.project,
       concat_ws('|', judged.unit, judged.fiscal_year, judged.budget_project, judged.class) AS key,
       judged.result,
       coalesce(plan.position, tried.position) AS judged,
       coalesce(judged.since, judged.last) AS since,
       said.acts AS evidence,
       jsonb_build_object('unit', judged.unit, 'year', judged.fiscal_year, 'budget_project', judged.budget_project,
                          'class', judged.class, 'times', judged.times, 'total', judged.total, 'threshold', judged.threshold,
                          'projects', judged.projects,
                          'limit_zh', CASE judged.name WHEN 'threshold' THEN '采购限额标准' ELSE '集中采购目录的起点金额' END,
                          'limit_en', CASE judged.name WHEN 'threshold' THEN 'procurement threshold'
                                           ELSE 'amount from which the catalogue binds' END,
                          'unknown', CASE WHEN judged.result <> 'UNDETERMINED' THEN NULL
                                          WHEN judged.threshold IS NULL AND judged.name = 'catalogue' THEN 'method.catalogue'
                                          WHEN judged.threshold IS NULL AND judged.kind IS NULL THEN 'project.open kind'
                                          WHEN judged.threshold IS NULL THEN 'method.threshold.' || judged.kind
                                          WHEN judged.least IS NULL THEN 'spl.count'
                                          WHEN judged.unknown > 0 THEN 'contract.sign amount'
                                          WHEN judged.class = '' THEN 'project.open category'
                                          ELSE 'project.open organisation' END) AS computed
  FROM judged
  JOIN said USING (unit, fiscal_year, budget_project, class, name)
  JOIN tried USING (unit, fiscal_year, budget_project, class, name)
  JOIN project ON project.project = tried.project
  LEFT JOIN LATERAL (
       SELECT act.position
         FROM act
        WHERE act.type = 'plan.approve' AND act.project = tried.project AND act.stands
        ORDER BY act.time DESC, act.position DESC
        LIMIT 1) AS plan ON true
 ORDER BY project.project, key, CASE judged.result WHEN 'FAIL' THEN 1 WHEN 'UNDETERMINED' THEN 2 ELSE 3 END,
          judged.name DESC
