-- id = "BND-02"
-- title = {zh = "履约保证金超10%", en = "Performance security over the cap"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §48"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["bnd.performance"]
-- inputs = ["perfsec.receive", "perfsec.refund", "contract.sign", "contract.amend", "award.decide"]
-- says.zh = "就合同 {contract} 向 {supplier} 收取的履约保证金为 {held:money} 元，{base_zh}为 {base:money} 元，上限为其 {ratio:percent}，即 {cap:money} 元"
-- says.en = "Performance security taken from {supplier} for contract {contract} came to CNY {held:money}; {base_en} is CNY {base:money}, and the cap is {ratio:percent} of it, CNY {cap:money}"

-- Measured by the contract with the supplements signed before; until it is signed, by what the supplier was awarded. What is
-- held: what was given for it less what was given back by the end of that day. Equal passes.
SELECT taken.project,
       taken.position::text AS key,
       CASE WHEN held.amount > policy.number * base.amount THEN 'FAIL'
            WHEN held.amount <= policy.number * base.amount THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       taken.position AS judged,
       taken.time AS since,
       held.acts || signed.acts || awarded.acts AS evidence,
       jsonb_build_object('contract', taken.root, 'supplier', taken.supplier, 'held', held.amount, 'base', base.amount,
                          'ratio', policy.number, 'cap', policy.number * base.amount,
                          'base_zh', CASE WHEN signed.acts IS NULL THEN '中标（成交）金额' ELSE '合同金额' END,
                          'base_en', CASE WHEN signed.acts IS NULL THEN 'the award' ELSE 'the contract' END,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'bnd.performance'
                                          WHEN held.amount IS NULL THEN 'perfsec.receive amount'
                                          WHEN base.amount IS NULL AND signed.acts IS NULL THEN 'award.decide amount'
                                          WHEN base.amount IS NULL THEN 'contract.sign amount' END) AS computed
  FROM entry AS taken
  JOIN act ON act.position = taken.position
  LEFT JOIN policy ON policy.key = 'bnd.performance' AND policy.unit = act.unit
                  AND taken.time >= policy.starts AND taken.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) FILTER (WHERE entry.amount IS NULL AND entry.type LIKE '%.receive') = 0
                   THEN sum(CASE WHEN entry.type LIKE '%.receive' THEN entry.amount ELSE -entry.amount END) END AS amount,
              array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = taken.project AND entry.kind = 'performance'
          AND (entry.position = taken.position
               OR entry.root = taken.root
                  AND (entry.type LIKE '%.receive' AND (entry.time, entry.position) < (taken.time, taken.position)
                       OR entry.type LIKE '%.refund' AND entry.day <= taken.day))) AS held
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(entry.amount) THEN sum(entry.amount) END AS amount,
              array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = taken.project AND entry.root = taken.root
          AND (entry.type = 'contract.sign' OR entry.type = 'contract.amend' AND entry.time <= taken.time)) AS signed
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(award.amount) THEN sum(award.amount) END AS amount,
              array_agg(award.position) AS acts
         FROM award
        WHERE signed.acts IS NULL AND award.project = taken.project AND award.ends > taken.time
          AND (award.supplier = taken.supplier OR taken.supplier IS NULL)) AS awarded
 CROSS JOIN LATERAL (
       SELECT CASE WHEN signed.acts IS NULL THEN awarded.amount ELSE signed.amount END AS amount) AS base
 WHERE taken.type LIKE '%.receive' AND taken.kind = 'performance'
