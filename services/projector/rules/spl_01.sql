-- id = "SPL-01"
-- title = {zh = "化整为零规避公开招标", en = "Splitting to evade open tender"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §28; 政府采购法实施条例 §28, §67(2)"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["method.open_tender.goods", "method.open_tender.services", "spl.count"]
-- inputs = ["project.open", "award.decide", "contract.sign", "contract.amend", "budget.adjust", "method.change"]
-- says.zh = "{unit} {year} 年度在预算项目 {budget_project} 下，以公开招标以外的方式采购同一品目或类别（{class}）{times} 次，累计 {total:money} 元，超过公开招标数额标准 {threshold:money} 元：{projects}"
-- says.en = "In {year} {unit} bought the same item or class ({class}) under the budget project {budget_project} {times} times by methods other than open tender, for CNY {total:money} in all, above the open-tender threshold of CNY {threshold:money}: {projects}"

-- §28 of the Regulations: goods and services of the same item or class, one budget project, one fiscal year, several times.
-- Who supplied is no element. What was bought after its budget was adjusted, or by a method that was approved, is left out.
-- A class is the letter and four digits of a code (A0501 furniture); what is no such code is compared as it is.
WITH bought AS (
    SELECT purchase.*,
           CASE WHEN purchase.category ~ '^[ABC][0-9]{4}([0-9]{2})*$' THEN left(purchase.category, 5)
                ELSE coalesce(purchase.category, '') END AS class,
           purchase.category IS NOT NULL AND purchase.method IS NOT NULL AS sure
      FROM purchase
     WHERE purchase.bought AND purchase.kind IS DISTINCT FROM 'works' AND purchase.method IS DISTINCT FROM 'open_tender'
       AND NOT purchase.adjusted AND NOT purchase.approved
), member AS (
    SELECT bought.*, sum(bought.amount) FILTER (WHERE bought.sure) OVER in_turn AS so_far,
           count(*) FILTER (WHERE bought.sure) OVER in_turn AS ordinal,
           max(bought.time) OVER whole AS last, max(bought.kind) OVER whole AS whole_kind
      FROM bought
    WINDOW in_turn AS (PARTITION BY bought.unit, bought.fiscal_year, bought.budget_project, bought.class
                           ORDER BY bought.time, bought.position),
           whole AS (PARTITION BY bought.unit, bought.fiscal_year, bought.budget_project, bought.class)
), grouped AS (
    SELECT member.unit, member.fiscal_year, member.budget_project, member.class, member.whole_kind AS kind,
           limits.number AS threshold, times.number AS least, max(member.time) AS last,
           count(*) FILTER (WHERE member.sure) AS times, sum(member.amount) FILTER (WHERE member.sure) AS total,
           count(*) AS all_times, coalesce(sum(member.amount), 0) AS all_total, count(*) - count(member.amount) AS unknown,
           array_agg(member.project ORDER BY member.project) AS projects,
           min(member.time) FILTER (WHERE member.so_far > limits.number AND member.ordinal >= times.number) AS since
      FROM member
      LEFT JOIN policy AS limits ON limits.key = 'method.open_tender.' || member.whole_kind AND limits.unit = member.unit
                                AND member.last >= limits.starts AND member.last < limits.ends
      LEFT JOIN policy AS times ON times.key = 'spl.count' AND times.unit = member.unit
                               AND member.last >= times.starts AND member.last < times.ends
     GROUP BY member.unit, member.fiscal_year, member.budget_project, member.class, member.whole_kind, limits.number, times.number
), doubtful AS MATERIALIZED (
    SELECT grouped.unit, grouped.fiscal_year, grouped.budget_project, grouped.all_times, grouped.all_total
      FROM grouped
     WHERE grouped.class = ''
), said AS (
    SELECT member.unit, member.fiscal_year, member.budget_project, member.class, array_agg(stated.position) AS acts
      FROM member
     CROSS JOIN LATERAL unnest(member.acts) AS stated (position)
     GROUP BY member.unit, member.fiscal_year, member.budget_project, member.class
), judged AS (
    SELECT grouped.*,
           CASE WHEN grouped.times >= grouped.least AND grouped.total > grouped.threshold THEN 'FAIL'
                WHEN grouped.threshold IS NULL OR grouped.least IS NULL OR grouped.unknown > 0
                     OR grouped.all_total + coalesce(doubtful.all_total, 0) > grouped.threshold THEN 'UNDETERMINED'
                ELSE 'PASS' END AS result
      FROM grouped
      LEFT JOIN doubtful ON doubtful.unit = grouped.unit AND doubtful.fiscal_year = grouped.fiscal_year
                        AND doubtful.budget_project = grouped.budget_project AND grouped.class <> ''
     WHERE grouped.all_times + coalesce(doubtful.all_times, 0) >= coalesce(grouped.least, 2)
)
SELECT project.project,
       concat_ws('|', judged.unit, judged.fiscal_year, judged.budget_project, judged.class) AS key,
       judged.result,
       coalesce(plan.position, member.position) AS judged,
       coalesce(judged.since, judged.last) AS since,
       said.acts AS evidence,
       jsonb_build_object('unit', judged.unit, 'year', judged.fiscal_year, 'budget_project', judged.budget_project,
                          'class', judged.class, 'times', judged.times, 'total', judged.total, 'threshold', judged.threshold,
                          'projects', judged.projects,
                          'unknown', CASE WHEN judged.result <> 'UNDETERMINED' THEN NULL
                                          WHEN judged.kind IS NULL THEN 'project.open kind'
                                          WHEN judged.threshold IS NULL THEN 'method.open_tender.' || judged.kind
                                          WHEN judged.least IS NULL THEN 'spl.count'
                                          WHEN judged.unknown > 0 THEN 'contract.sign amount'
                                          ELSE 'project.open category' END) AS computed
  FROM judged
  JOIN said USING (unit, fiscal_year, budget_project, class)
  JOIN member USING (unit, fiscal_year, budget_project, class)
  JOIN project ON project.project = member.project
  LEFT JOIN LATERAL (
       SELECT act.position
         FROM act
        WHERE act.type = 'plan.approve' AND act.project = member.project AND act.stands
        ORDER BY act.time DESC, act.position DESC
        LIMIT 1) AS plan ON true
