-- id = "AMT-04"
-- title = {zh = "支付超验收", en = "Paid more than accepted"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §45, §51"
-- confidence = "A"
-- inputs = ["pay.execute", "accept.perform", "contract.sign"]
-- says.zh = "合同 {contract} 截至 {day} 累计支付 {paid:money} 元，累计验收合格 {accepted:money} 元，约定的预付款 {advance:money} 元中尚可先于验收的为 {outstanding:money} 元，超付 {excess:money} 元"
-- says.en = "By {day} CNY {paid:money} had been paid on contract {contract} and CNY {accepted:money} accepted; of the agreed advance of CNY {advance:money}, CNY {outstanding:money} may still precede acceptance, so CNY {excess:money} was paid too much"

-- An advance may precede acceptance as long as something is left to accept: no more of it than that is outstanding. An
-- acceptance of the same instant counts. No advance in a contract that can be read: none was agreed.
WITH running AS (
    SELECT entry.*,
           coalesce(sum(entry.amount) FILTER (WHERE entry.type = 'accept.perform') OVER by_time, 0) AS accepted,
           count(*) FILTER (WHERE entry.type = 'accept.perform' AND entry.amount IS NULL) OVER by_time AS accepted_unknown,
           coalesce(sum(entry.amount) FILTER (WHERE entry.type = 'pay.execute') OVER in_turn, 0) AS paid,
           count(*) FILTER (WHERE entry.type = 'pay.execute' AND entry.amount IS NULL) OVER in_turn AS paid_unknown,
           array_agg(entry.position) OVER by_time AS acts
      FROM entry
     WHERE entry.type IN ('accept.perform', 'pay.execute')
    WINDOW by_time AS (PARTITION BY entry.project, entry.root ORDER BY entry.time),
           in_turn AS (PARTITION BY entry.project, entry.root ORDER BY entry.time, entry.position)
), allowed AS (
    SELECT running.*, agreed.terms, agreed.advance,
           running.accepted_unknown > 0
           OR EXISTS (SELECT
                        FROM entry AS adrift
                       WHERE adrift.project = running.project AND adrift.root IS NULL AND adrift.type = 'accept.perform'
                         AND adrift.time <= running.time) AS unmeasured,
           coalesce(least(agreed.advance, greatest(agreed.total - running.accepted, 0)), 0) AS outstanding
      FROM running
     CROSS JOIN LATERAL (
           SELECT sum(contract.amount) FILTER (WHERE contract.signed OR contract.time <= running.time) AS total,
                  coalesce(max(projector.as_number(contract.data ->> 'advance')) FILTER (WHERE contract.signed), 0) AS advance,
                  min(contract.position) FILTER (WHERE contract.signed AND contract.data IS NOT NULL) AS terms
             FROM contract
            WHERE contract.project = running.project AND contract.root = running.root) AS agreed
)
SELECT payment.project,
       payment.position::text AS key,
       CASE WHEN payment.root IS NOT NULL AND payment.paid_unknown = 0
             AND payment.paid <= payment.accepted + payment.outstanding THEN 'PASS'
            WHEN payment.root IS NOT NULL AND payment.terms IS NOT NULL AND NOT payment.unmeasured
             AND payment.paid > payment.accepted + payment.outstanding THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       payment.position AS judged,
       payment.time AS since,
       (SELECT min(later.time)
          FROM allowed AS later
         WHERE payment.paid > payment.accepted + payment.outstanding
           AND later.project = payment.project AND later.root = payment.root AND later.type = 'accept.perform'
           AND later.time > payment.time AND later.accepted + later.outstanding >= payment.paid) AS cured,
       payment.acts || payment.terms AS evidence,
       jsonb_build_object('contract', payment.root, 'day', payment.day, 'paid', payment.paid, 'accepted', payment.accepted,
                          'advance', payment.advance, 'outstanding', payment.outstanding,
                          'excess', payment.paid - payment.accepted - payment.outstanding,
                          'unknown', CASE WHEN payment.root IS NULL THEN 'pay.execute contract'
                                          WHEN payment.terms IS NULL THEN 'contract.sign'
                                          WHEN payment.unmeasured THEN 'accept.perform amount'
                                          WHEN payment.paid_unknown > 0 THEN 'pay.execute amount' END) AS computed
  FROM allowed AS payment
 WHERE payment.type = 'pay.execute'
