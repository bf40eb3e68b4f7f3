-- id = "AMT-03"
-- title = {zh = "补充合同超10%", en = "Supplements over the cap"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §49; 政府采购法实施条例 §67(5)"
-- confidence = "A"
-- policies = ["amt.supplement"]
-- inputs = ["contract.sign", "contract.amend"]
-- says.zh = "合同 {contract} 的补充合同增加额累计 {increases:money} 元，原合同金额为 {original:money} 元，上限为其 {ratio:percent}，即 {cap:money} 元"
-- says.en = "Supplements to contract {contract} add up to CNY {increases:money} of increases; the original contract is CNY {original:money}, and the cap is {ratio:percent} of it, CNY {cap:money}"

-- "所有补充合同的采购金额不得超过": all supplements together, equal passes. Only increases count; one that lowers the sum
-- makes no room for another.
WITH supplement AS (
    SELECT contract.position, contract.project, contract.root, contract.unit, contract.time, entry.amount,
           coalesce(sum(entry.amount) FILTER (WHERE entry.amount > 0) OVER in_turn, 0) AS increases,
           count(*) OVER in_turn - count(entry.amount) OVER in_turn AS unknown,
           array_agg(contract.position) OVER in_turn AS acts
      FROM contract
      JOIN entry ON entry.position = contract.position
     WHERE NOT contract.signed
    WINDOW in_turn AS (PARTITION BY contract.project, contract.root ORDER BY contract.time, contract.position)
)
SELECT supplement.project,
       supplement.position::text AS key,
       CASE WHEN supplement.increases > policy.number * original.amount THEN 'FAIL'
            WHEN supplement.unknown = 0 AND supplement.increases <= policy.number * original.amount THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       supplement.position AS judged,
       supplement.time AS since,
       original.acts || supplement.acts AS evidence,
       jsonb_build_object('contract', supplement.root, 'increases', supplement.increases, 'original', original.amount,
                          'ratio', policy.number, 'cap', policy.number * original.amount,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'amt.supplement'
                                          WHEN original.amount IS NULL THEN 'contract.sign amount'
                                          WHEN supplement.unknown > 0 THEN 'contract.amend amount' END) AS computed
  FROM supplement
  LEFT JOIN policy ON policy.key = 'amt.supplement' AND policy.unit = supplement.unit
                  AND supplement.time >= policy.starts AND supplement.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(entry.amount) THEN sum(entry.amount) END AS amount,
              array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = supplement.project AND entry.root = supplement.root AND entry.type = 'contract.sign') AS original
 WHERE supplement.amount > 0 OR supplement.amount IS NULL
