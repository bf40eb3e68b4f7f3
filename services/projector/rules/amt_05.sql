-- id = "AMT-05"
-- title = {zh = "支付超合同", en = "Paid more than the contract"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §50"
-- confidence = "A"
-- inputs = ["pay.execute", "contract.sign", "contract.amend"]
-- says.zh = "合同 {contract} 截至 {day} 累计支付 {paid:money} 元，当时合同及补充合同金额为 {agreed:money} 元，超出 {excess:money} 元"
-- says.en = "By {day} CNY {paid:money} had been paid on contract {contract}; the contract with its supplements came to CNY {agreed:money}, exceeded by CNY {excess:money}"

-- A payment before the contract is CHN-09's: it is measured by the contract signed afterwards.
WITH payment AS (
    SELECT entry.*, coalesce(sum(entry.amount) OVER in_turn, 0) AS paid,
           count(*) OVER in_turn - count(entry.amount) OVER in_turn AS paid_unknown,
           array_agg(entry.position) OVER in_turn AS acts
      FROM entry
     WHERE entry.type = 'pay.execute'
    WINDOW in_turn AS (PARTITION BY entry.project, entry.root ORDER BY entry.time, entry.position)
)
SELECT payment.project,
       payment.position::text AS key,
       CASE WHEN payment.root IS NULL OR agreed.total IS NULL THEN 'UNDETERMINED'
            WHEN payment.paid > agreed.total THEN 'FAIL'
            WHEN payment.paid_unknown > 0 THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       payment.position AS judged,
       payment.time AS since,
       raised.time AS cured,
       agreed.acts || payment.acts AS evidence,
       jsonb_build_object('contract', payment.root, 'day', payment.day, 'paid', payment.paid, 'agreed', agreed.total,
                          'excess', payment.paid - agreed.total,
                          'unknown', CASE WHEN payment.root IS NULL THEN 'pay.execute contract'
                                          WHEN agreed.total IS NULL THEN 'contract.sign amount'
                                          WHEN payment.paid_unknown > 0 THEN 'pay.execute amount' END) AS computed
  FROM payment
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(entry.amount) THEN sum(entry.amount) END AS total, array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = payment.project AND entry.root = payment.root
          AND (entry.type = 'contract.sign' OR entry.type = 'contract.amend' AND entry.time <= payment.time)) AS agreed
  LEFT JOIN LATERAL (
       SELECT min(later.time) AS time
         FROM (SELECT entry.time, entry.type,
                      sum(entry.amount) OVER (ORDER BY entry.type = 'contract.amend', entry.time, entry.position) AS total
                 FROM entry
                WHERE entry.project = payment.project AND entry.root = payment.root
                  AND entry.type IN ('contract.sign', 'contract.amend')) AS later
        WHERE payment.paid > agreed.total AND later.type = 'contract.amend' AND later.time > payment.time
          AND later.total >= payment.paid) AS raised ON true
