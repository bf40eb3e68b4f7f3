-- id = "AMT-06"
-- title = {zh = "验收超合同", en = "Accepted more than the contract"}
-- severity = "HIGH"
-- force = "PRACTICE"
-- citation = ""
-- confidence = "C"
-- inputs = ["accept.perform", "contract.sign", "contract.amend"]
-- says.zh = "合同 {contract} 截至 {day} 累计验收合格 {accepted:money} 元，当时合同及补充合同金额为 {agreed:money} 元，超出 {excess:money} 元"
-- says.en = "By {day} CNY {accepted:money} had been accepted on contract {contract}; the contract with its supplements came to CNY {agreed:money}, exceeded by CNY {excess:money}"

WITH acceptance AS (
    SELECT entry.*, coalesce(sum(entry.amount) OVER in_turn, 0) AS accepted,
           count(*) OVER in_turn - count(entry.amount) OVER in_turn AS accepted_unknown,
           array_agg(entry.position) OVER in_turn AS acts
      FROM entry
     WHERE entry.type = 'accept.perform'
    WINDOW in_turn AS (PARTITION BY entry.project, entry.root ORDER BY entry.time, entry.position)
)
SELECT acceptance.project,
       acceptance.position::text AS key,
       CASE WHEN acceptance.root IS NULL OR agreed.total IS NULL THEN 'UNDETERMINED'
            WHEN acceptance.accepted > agreed.total THEN 'FAIL'
            WHEN acceptance.accepted_unknown > 0 THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       acceptance.position AS judged,
       acceptance.time AS since,
       raised.time AS cured,
       agreed.acts || acceptance.acts AS evidence,
       jsonb_build_object('contract', acceptance.root, 'day', acceptance.day, 'accepted', acceptance.accepted,
                          'agreed', agreed.total, 'excess', acceptance.accepted - agreed.total,
                          'unknown', CASE WHEN acceptance.root IS NULL THEN 'accept.perform contract'
                                          WHEN agreed.total IS NULL THEN 'contract.sign amount'
                                          WHEN acceptance.accepted_unknown > 0 THEN 'accept.perform amount' END) AS computed
  FROM acceptance
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(entry.amount) THEN sum(entry.amount) END AS total, array_agg(entry.position) AS acts
         FROM entry
        WHERE entry.project = acceptance.project AND entry.root = acceptance.root
          AND (entry.type = 'contract.sign' OR entry.type = 'contract.amend' AND entry.time <= acceptance.time)) AS agreed
  LEFT JOIN LATERAL (
       SELECT min(later.time) AS time
         FROM (SELECT entry.time, entry.type,
                      sum(entry.amount) OVER (ORDER BY entry.type = 'contract.amend', entry.time, entry.position) AS total
                 FROM entry
                WHERE entry.project = acceptance.project AND entry.root = acceptance.root
                  AND entry.type IN ('contract.sign', 'contract.amend')) AS later
        WHERE acceptance.accepted > agreed.total AND later.type = 'contract.amend' AND later.time > acceptance.time
          AND later.total >= acceptance.accepted) AS raised ON true
