-- id = "DDL-13"
-- title = {zh = "中小企业款项逾期支付", en = "Small or medium supplier paid late"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "保障中小企业款项支付条例（国务院令802号）§9, §10, §17"
-- confidence = "A"
-- policies = ["pay.sme_sizes", "pay.sme_days", "pay.sme_days_agreed", "pay.interest"]
-- inputs = ["accept.perform", "contract.sign", "delivery.record", "pay.execute", "retention.receive", "supplier.snapshot"]
-- since = 2020-09-01
-- says.zh = "合同 {contract} 于 {accepted} 验收 {amount:money} 元，付款期自 {opens} 起 {days} 日，至 {due} 止；到期未付 {overdue:money} 元，付清日期：{paid}，按日利率 {rate} 计逾期利息 {interest:money} 元"
-- says.en = "Under contract {contract} {amount:money} yuan were accepted on {accepted}, payable within {days} days of {opens}, by {due}; {overdue:money} yuan were unpaid then, paid in full: {paid}, interest at {rate} a day: {interest:money} yuan"

-- Payments meet what was accepted first (table `owed`). Retention money without a form was kept back from the price.
WITH paid AS (
    SELECT act.project, named.root, act.position, act.time, act.day, act.amount,
           sum(act.amount) OVER (PARTITION BY act.project, named.root ORDER BY act.day, act.position) AS total
      FROM act
     CROSS JOIN LATERAL (
           SELECT min(contract.root) AS root
             FROM contract
            WHERE contract.project = act.project AND (act.contract IS NULL OR contract.contract = act.contract)
           HAVING count(DISTINCT contract.root) = 1) AS named
     WHERE act.stands
       AND (act.type = 'pay.execute' OR act.type = 'retention.receive' AND act.data ->> 'form' IS NULL)
), shared AS (
    SELECT owed.position, paid.position AS payment, paid.day, paid.time, paid.amount IS NULL AS unknown,
           paid.total >= owed.total AS meets,
           least(greatest(paid.total - owed.total + owed.amount, 0), owed.amount)
           - least(greatest(paid.total - paid.amount - owed.total + owed.amount, 0), owed.amount) AS part
      FROM owed
      JOIN paid ON paid.project = owed.project AND paid.root = owed.contract
     WHERE owed.sme IS NOT false
), met AS (
    SELECT owed.position,
           min(shared.day) FILTER (WHERE shared.meets) AS day, min(shared.time) FILTER (WHERE shared.meets) AS time,
           min(shared.payment) FILTER (WHERE shared.meets) AS payment,
           array_agg(shared.payment) FILTER (WHERE shared.part > 0) AS evidence,
           bool_or(coalesce(shared.unknown, false)) AS unknown,
           coalesce(sum(shared.part), 0) AS settled,
           coalesce(sum(shared.part) FILTER (WHERE shared.day > owed.due), 0) AS late,
           coalesce(sum(shared.part * (shared.day - owed.due)) FILTER (WHERE shared.day > owed.due), 0) AS days
      FROM owed
      LEFT JOIN shared ON shared.position = owed.position
     GROUP BY owed.position
)
SELECT owed.project,
       owed.position::text AS key,
       CASE WHEN owed.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(met.day, moment.today) <= owed.due THEN 'PASS'
            WHEN owed.sme IS NULL OR owed.total IS NULL OR met.unknown THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       coalesce(met.payment, owed.position) AS judged,
       coalesce(projector.day_starts(owed.due + 1), owed.time) AS since,
       met.time AS cured,
       CASE WHEN met.day IS NULL AND owed.sme THEN owed.due END AS due,
       ARRAY[owed.position, owed.signing] || met.evidence AS evidence,
       jsonb_build_object('contract', owed.contract, 'accepted', owed.accepted, 'amount', owed.amount, 'opens', owed.opens,
                          'days', owed.days, 'due', owed.due, 'paid', met.day,
                          'overdue', met.late + owed.amount - met.settled, 'rate', rate.number,
                          'interest', round(rate.number * (met.days + (owed.amount - met.settled)
                                            * greatest(moment.today - owed.due, 0)), 2),
                          'unknown', CASE WHEN owed.due IS NULL THEN 'pay.sme_days'
                                          WHEN owed.sme IS NULL THEN 'supplier.snapshot size'
                                          WHEN owed.total IS NULL THEN 'accept.perform amount'
                                          WHEN met.unknown THEN 'pay.execute amount' END) AS computed
  FROM owed
 CROSS JOIN moment
  JOIN met ON met.position = owed.position
  LEFT JOIN policy AS rate ON rate.key = 'pay.interest' AND rate.unit = owed.unit
                          AND projector.day_starts(owed.due + 1) >= rate.starts
                          AND projector.day_starts(owed.due + 1) < rate.ends
 WHERE owed.sme IS NOT false
