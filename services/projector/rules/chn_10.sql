-- id = "CHN-10"
-- title = {zh = "未验收先付款", en = "Payment before acceptance"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §45, §51"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["pay.execute", "accept.perform", "contract.sign"]
-- says.zh = "合同 {contract} 于 {paid_on} 支付 {amount:money} 元，累计已付 {paid:money} 元，约定预付款 {advance:money} 元，此前没有合格的验收（验收时间：{accepted}）"
-- says.en = "{amount:money} yuan were paid under contract {contract} on {paid_on}, {paid:money} in all, with an agreed advance of {advance:money}, before anything had been accepted (accepted: {accepted})"

WITH payment AS (
    -- The advance agreed in the contract may go before; without one, nothing may. How much was accepted of what is paid
    -- is another question (AMT-04).
    SELECT act.position, act.project, act.time, act.day, act.amount, act.contract AS named, signed.contract,
           signed.erased, coalesce(signed.advance, 0) AS advance,
           sum(act.amount) OVER so_far AS paid, bool_or(act.amount IS NULL) OVER so_far AS untold
      FROM act
      LEFT JOIN LATERAL (
           SELECT contract.root AS contract, root.data IS NULL AS erased,
                  coalesce(projector.as_number(root.data ->> 'advance'), 0) AS advance
             FROM contract
             JOIN contract AS root ON root.project = contract.project AND root.contract = contract.root AND root.signed
            WHERE contract.project = act.project
              AND (contract.contract = act.contract OR act.contract IS NULL OR contract.contract LIKE 'act:%')
            ORDER BY contract.contract = act.contract DESC NULLS LAST, root.time
            LIMIT 1) AS signed ON true
     WHERE act.type = 'pay.execute' AND act.stands
    WINDOW so_far AS (PARTITION BY act.project, coalesce(signed.contract, act.contract)
                      ORDER BY act.time, act.known_from, act.position)
)
SELECT payment.project,
       payment.position::text AS key,
       CASE WHEN acceptance.late = false AND NOT acceptance.erased THEN 'PASS'
            WHEN payment.paid <= payment.advance AND NOT payment.untold THEN 'PASS'
            WHEN acceptance.late = false OR payment.erased OR payment.untold AND payment.advance > 0 THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       payment.position AS judged,
       payment.time AS since,
       CASE WHEN acceptance.late THEN acceptance.time END AS cured,
       ARRAY[payment.position, acceptance.position] AS evidence,
       jsonb_build_object('contract', coalesce(payment.named, payment.contract), 'paid_on', payment.day,
                          'amount', payment.amount, 'paid', payment.paid, 'advance', payment.advance,
                          'accepted', acceptance.day,
                          'unknown', CASE WHEN acceptance.late = false THEN 'accept.perform result'
                                          WHEN payment.erased THEN 'contract.sign advance'
                                          WHEN payment.untold THEN 'pay.execute amount' END) AS computed
  FROM payment
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day, act.erased, act.time > payment.time AS late
         FROM act
         LEFT JOIN contract ON contract.project = act.project AND contract.contract = act.contract
        WHERE act.type = 'accept.perform' AND act.project = payment.project AND act.stands
          AND act.amount IS DISTINCT FROM 0
          AND (coalesce(contract.root, act.contract) = coalesce(payment.contract, payment.named)
               OR act.contract IS NULL OR payment.contract LIKE 'act:%'
               OR coalesce(payment.contract, payment.named) IS NULL)
        ORDER BY act.time > payment.time, act.erased, act.time
        LIMIT 1) AS acceptance ON true
