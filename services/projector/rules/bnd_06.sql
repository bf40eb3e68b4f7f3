-- id = "BND-06"
-- title = {zh = "合同无保证金退还条款", en = "No refund clause in the contract"}
-- severity = "MEDIUM"
-- force = "NORM"
-- citation = "财库〔2019〕38号; 财政部令74号"
-- confidence = "C"
-- since = 2019-08-01
-- inputs = ["perfsec.receive", "contract.sign", "contract.amend"]
-- says.zh = "合同 {contract}（{signed} 签订）收取履约保证金 {security:money} 元，合同未载明退还的期限"
-- says.en = "A performance security of CNY {security:money} was taken for contract {contract}, signed on {signed}, which does not say when it is refunded"

-- The absence is the fault itself. A supplement that says it makes it good.
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN contract.data IS NULL THEN 'UNDETERMINED'
            WHEN jsonb_typeof(contract.data -> 'performance_security_refund') = 'object' THEN 'PASS'
            ELSE 'FAIL' END AS result,
       contract.position AS judged,
       greatest(contract.time, security.time) AS since,
       supplement.time AS cured,
       security.acts || ARRAY[contract.position, supplement.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'security', security.amount,
                          'unknown', CASE WHEN contract.data IS NULL THEN 'contract.sign performance_security_refund' END)
           AS computed
  FROM contract
 CROSS JOIN LATERAL (
       SELECT sum(entry.amount) AS amount, min(entry.time) AS time, array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = contract.project AND entry.root = contract.root AND entry.type LIKE '%.receive'
          AND entry.kind = 'performance' AND coalesce(entry.amount > 0, true)) AS security
  LEFT JOIN LATERAL (
       SELECT amending.position, amending.time
         FROM contract AS amending
        WHERE amending.project = contract.project AND amending.root = contract.root AND NOT amending.signed
          AND jsonb_typeof(amending.data -> 'performance_security_refund') = 'object'
        ORDER BY amending.time
        LIMIT 1) AS supplement ON true
 WHERE contract.signed
   AND security.acts IS NOT NULL
