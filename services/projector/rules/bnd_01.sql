-- id = "BND-01"
-- title = {zh = "投标保证金超2%", en = "Bid security over the cap"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §33"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["bnd.bid"]
-- inputs = ["bidsec.receive", "bidsec.refund", "budget.approve"]
-- says.zh = "向 {supplier} 收取的投标保证金为 {held:money} 元，项目预算为 {budget:money} 元，上限为其 {ratio:percent}，即 {cap:money} 元"
-- says.en = "Bid security taken from {supplier} came to CNY {held:money}; the project's budget is CNY {budget:money}, and the cap is {ratio:percent} of it, CNY {cap:money}"

-- What is held of one supplier: what it gave less what it got back by the end of that day, so that one guarantee may replace
-- another. Equal passes.
SELECT taken.project,
       taken.position::text AS key,
       CASE WHEN held.amount > policy.number * budget.total THEN 'FAIL'
            WHEN held.amount <= policy.number * budget.total THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       taken.position AS judged,
       taken.time AS since,
       held.acts || budget.position AS evidence,
       jsonb_build_object('supplier', taken.supplier, 'held', held.amount, 'budget', budget.total, 'ratio', policy.number,
                          'cap', policy.number * budget.total,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'bnd.bid'
                                          WHEN budget.position IS NULL THEN 'budget.approve'
                                          WHEN budget.total IS NULL THEN 'budget.approve amount'
                                          WHEN held.amount IS NULL THEN 'bidsec.receive amount' END) AS computed
  FROM entry AS taken
  JOIN act ON act.position = taken.position
  LEFT JOIN policy ON policy.key = 'bnd.bid' AND policy.unit = act.unit
                  AND taken.time >= policy.starts AND taken.time < policy.ends
  LEFT JOIN budget ON budget.project = taken.project AND taken.time >= budget.starts AND taken.time < budget.ends
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) FILTER (WHERE entry.amount IS NULL AND entry.type = 'bidsec.receive') = 0
                   THEN sum(CASE entry.type WHEN 'bidsec.receive' THEN entry.amount ELSE -entry.amount END) END AS amount,
              array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = taken.project AND entry.kind = 'bid'
          AND (entry.position = taken.position
               OR entry.supplier = taken.supplier
                  AND (entry.type = 'bidsec.receive' AND (entry.time, entry.position) < (taken.time, taken.position)
                       OR entry.type = 'bidsec.refund' AND entry.day <= taken.day))) AS held
 WHERE taken.type = 'bidsec.receive' AND taken.kind = 'bid'
