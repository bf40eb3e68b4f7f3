-- id = "BND-04"
-- title = {zh = "投标保证金逾期退还", en = "Bid security refunded late"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §33"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["bnd.bid_refund"]
-- inputs = ["bidsec.receive", "bidsec.refund", "award.publish", "contract.sign"]
-- says.zh = "{supplier} 的投标保证金 {security} 应自{opening_zh}（{opened}）起 {days} 个工作日内（最迟 {due}）退还，全额退还：{refunded}"
-- says.en = "Bid security {security} of {supplier} was to be refunded within {days} working days of {opening_en} on {opened}, by {due}; refunded in full: {refunded}"

-- Whoever was not awarded: from the notice. Whoever was: from its contract. The text sets no day for a supplier whose award
-- another took the place of, nor where there is no award. Refunded is what was given back in full.
WITH taken AS (
    SELECT entry.position, entry.project, entry.supplier, entry.amount, entry.time, act.object, act.unit,
           EXISTS (SELECT FROM award WHERE award.project = entry.project AND award.supplier = entry.supplier) AS awarded,
           EXISTS (SELECT FROM award WHERE award.project = entry.project AND award.supplier IS NULL) AS unnamed
      FROM entry
      JOIN act ON act.position = entry.position
     WHERE entry.type = 'bidsec.receive' AND entry.kind = 'bid'
), opened AS (
    SELECT taken.*, opening.position AS opening, opening.time AS opened, opening.day,
           projector.due_day(opening.day, policy.number::integer, policy.measure, policy.rolls) AS due, policy.number AS days
      FROM taken
     CROSS JOIN LATERAL (
           SELECT act.position, act.time, act.day
             FROM act
            WHERE act.type = 'award.publish' AND act.project = taken.project AND act.stands AND act.time >= taken.time
              AND NOT taken.awarded
            UNION ALL
           SELECT contract.position, contract.time, contract.day
             FROM contract
            WHERE contract.project = taken.project AND contract.supplier = taken.supplier AND contract.signed
              AND contract.time >= taken.time AND taken.awarded
            ORDER BY time, position
            LIMIT 1) AS opening
      LEFT JOIN policy ON policy.key = 'bnd.bid_refund' AND policy.unit = taken.unit
                      AND opening.time >= policy.starts AND opening.time < policy.ends
)
SELECT opened.project,
       opened.position::text AS key,
       CASE WHEN opened.supplier IS NULL OR opened.unnamed AND NOT opened.awarded OR opened.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(refund.day, moment.today) <= opened.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(refund.position, opened.position) AS judged,
       coalesce(projector.day_starts(opened.due + 1), opened.opened) AS since,
       refund.time AS cured,
       CASE WHEN refund.position IS NULL THEN opened.due END AS due,
       ARRAY[opened.position, opened.opening, refund.position] AS evidence,
       jsonb_build_object('security', opened.object, 'supplier', opened.supplier, 'opened', opened.day, 'days', opened.days,
                          'due', opened.due, 'refunded', refund.day,
                          'opening_zh', CASE WHEN opened.awarded THEN '合同签订' ELSE '中标（成交）通知书发出' END,
                          'opening_en', CASE WHEN opened.awarded THEN 'the signing of the contract' ELSE 'the award notice' END,
                          'unknown', CASE WHEN opened.supplier IS NULL THEN 'bidsec.receive supplier'
                                          WHEN opened.unnamed AND NOT opened.awarded THEN 'award.decide supplier'
                                          WHEN opened.due IS NULL THEN 'bnd.bid_refund' END) AS computed
  FROM opened
 CROSS JOIN moment
  LEFT JOIN LATERAL (
       SELECT given.position, given.time, given.day
         FROM (SELECT act.position, act.time, act.day, sum(coalesce(entry.amount, opened.amount)) OVER
                          (ORDER BY act.time, act.position) AS returned
                 FROM act
                 JOIN entry ON entry.position = act.position
                WHERE act.type = 'bidsec.refund' AND act.project = opened.project
                  AND coalesce(act.object = opened.object, act.supplier = opened.supplier)) AS given
        WHERE coalesce(given.returned >= opened.amount, true)
        ORDER BY given.time
        LIMIT 1) AS refund ON true
