-- id = "AMT-07"
-- title = {zh = "重复支付/重复发票", en = "Duplicate invoice or payment"}
-- severity = "CRITICAL"
-- force = "NORM"
-- citation = "财会〔2012〕21号"
-- confidence = "B"
-- since = 2014-01-01
-- policies = ["amt.duplicate_window"]
-- inputs = ["pay.execute", "accept.perform"]
-- says.zh = "支付 {payment}（付给 {supplier} {amount:money} 元）与 {earlier_project} 于 {earlier_day} 的一笔支付重复：{ground_zh}"
-- says.en = "Payment {payment} of CNY {amount:money} to {supplier} repeats one of {earlier_day} on {earlier_project}: {ground_en}"

-- Two payments on one contract are not the same one where each rests on an acceptance of its own, where the earlier is the
-- agreed advance, or where they are unequal parts of what one acceptance covers. What names no acceptance can have one of
-- its own only if the contract has enough. An invoice that was paid on another project is a duplicate whatever was accepted.
WITH payment AS (
    SELECT act.position, act.project, entry.root, act.unit, act.object, act.data ->> 'invoice' AS invoice,
           act.data ->> 'acceptance' AS acceptance, entry.amount, act.time, act.day, act.erased,
           coalesce(act.supplier, terms.supplier) AS supplier, coalesce(terms.advance, 0) AS advance,
           sum(entry.amount) OVER (PARTITION BY act.project, entry.root, act.data ->> 'acceptance'
                                       ORDER BY act.time, act.position) AS paid_on_it
      FROM act
      JOIN entry ON entry.position = act.position
      LEFT JOIN LATERAL (
           SELECT min(contract.supplier) AS supplier, max(projector.as_number(contract.data ->> 'advance')) AS advance
             FROM contract
            WHERE contract.project = act.project AND contract.root = entry.root AND contract.signed) AS terms ON true
     WHERE act.type = 'pay.execute'
), pair AS (
    SELECT payment.position, earlier.position AS with, earlier.project, earlier.root, earlier.acceptance, earlier.supplier,
           earlier.amount, earlier.time, earlier.day, true AS same_invoice
      FROM payment
      JOIN invoice AS earlier ON earlier.invoice = payment.invoice
                             AND (earlier.time, earlier.position) < (payment.time, payment.position)
                             AND coalesce(earlier.supplier = payment.supplier, true)
     UNION ALL
    SELECT payment.position, earlier.position, earlier.project, earlier.root, earlier.acceptance, earlier.supplier,
           earlier.amount, earlier.time, earlier.day, false
      FROM payment
      JOIN policy ON policy.key = 'amt.duplicate_window' AND policy.unit = payment.unit
                 AND payment.time >= policy.starts AND payment.time < policy.ends
      JOIN payment AS earlier ON earlier.project = payment.project AND earlier.supplier = payment.supplier
                             AND earlier.amount = payment.amount AND payment.day - earlier.day <= policy.number
                             AND (earlier.time, earlier.position) < (payment.time, payment.position)
                             AND earlier.invoice IS DISTINCT FROM payment.invoice
), verdict AS (
    SELECT payment.position,
           CASE WHEN pair.supplier IS NULL OR payment.supplier IS NULL THEN 'UNDETERMINED'
                WHEN pair.project <> payment.project THEN 'FAIL'
                WHEN pair.root <> payment.root
                THEN CASE WHEN pair.acceptance IS NULL OR payment.acceptance IS NULL THEN 'UNDETERMINED' ELSE 'PASS' END
                WHEN pair.acceptance <> payment.acceptance THEN 'PASS'
                WHEN pair.acceptance = payment.acceptance
                THEN CASE WHEN pair.amount <> payment.amount AND payment.paid_on_it <= accepted.on_it THEN 'PASS'
                          ELSE 'FAIL' END
                WHEN payment.advance > 0 AND pair.acceptance IS NULL AND payment.acceptance IS NOT NULL
                     AND coalesce(pair.time < accepted.first, true) THEN 'PASS'
                WHEN accepted.times + CASE WHEN payment.advance > 0 THEN 1 ELSE 0 END < 2 THEN 'FAIL'
                ELSE 'UNDETERMINED' END AS result,
           pair.with, pair.project, pair.day, pair.time, pair.supplier, pair.same_invoice
      FROM pair
      JOIN payment USING (position)
     CROSS JOIN LATERAL (
           SELECT count(DISTINCT coalesce(act.object, act.position::text)) AS times, min(entry.time) AS first,
                  sum(entry.amount) FILTER (WHERE act.object = payment.acceptance) AS on_it
             FROM entry
             JOIN act ON act.position = entry.position
            WHERE entry.project = payment.project AND entry.root = payment.root AND entry.type = 'accept.perform'
              AND entry.time <= payment.time) AS accepted
)
SELECT payment.project,
       payment.position::text AS key,
       CASE WHEN worst.result <> 'PASS' THEN worst.result
            WHEN payment.invoice IS NULL THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       payment.position AS judged,
       payment.time AS since,
       ARRAY[worst.with, payment.position] AS evidence,
       jsonb_build_object('payment', payment.object, 'supplier', payment.supplier, 'amount', payment.amount,
                          'invoice', payment.invoice, 'earlier_project', worst.project, 'earlier_day', worst.day,
                          'ground_zh', CASE WHEN worst.same_invoice THEN '同一发票 ' || payment.invoice
                                            ELSE format('同一供应商、同一金额，相隔 %s 天', payment.day - worst.day) END
                                       || CASE WHEN worst.project = payment.project THEN '，且没有各自的验收' ELSE '' END,
                          'ground_en', CASE WHEN worst.same_invoice THEN 'the same invoice ' || payment.invoice
                                            ELSE format('the same supplier and amount, %s days apart', payment.day - worst.day)
                                       END
                                       || CASE WHEN worst.project = payment.project THEN ', without an acceptance of its own'
                                               ELSE '' END,
                          'unknown', CASE WHEN worst.result = 'UNDETERMINED'
                                          THEN CASE WHEN worst.supplier IS NULL OR payment.supplier IS NULL
                                                    THEN 'pay.execute payee' ELSE 'pay.execute acceptance' END
                                          WHEN payment.invoice IS NULL THEN 'pay.execute invoice' END) AS computed
  FROM payment
  LEFT JOIN (
       SELECT DISTINCT ON (verdict.position) verdict.*
         FROM verdict
        ORDER BY verdict.position, CASE verdict.result WHEN 'FAIL' THEN 1 WHEN 'UNDETERMINED' THEN 2 ELSE 3 END,
                 verdict.time) AS worst USING (position)
