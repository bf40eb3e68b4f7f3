-- id = "BND-07"
-- title = {zh = "违规设立其他保证金或工程质保金超3%", en = "Unlisted security, or retention over the cap"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "保障中小企业款项支付条例 §13; 建质〔2017〕138号"
-- confidence = "C"
-- since = 2017-07-01
-- policies = ["bnd.kinds.works", "bnd.retention.works"]
-- inputs = ["bidsec.receive", "perfsec.receive", "retention.receive", "retention.refund", "contract.sign", "contract.amend"]
-- says.zh = "工程项目就合同 {contract} 向 {supplier} 收取{what_zh}"
-- says.en = "On a works project {supplier} gave, for contract {contract}, {what_en}"

-- Works only. The settlement total is the contract with its supplements: what is settled below it is a supplement, too. What
-- is held: what was withheld less what was given back by the end of that day. Equal passes.
WITH taken AS (
    SELECT entry.*, project.kind AS bought, act.unit, kinds.list AS kinds, cap.number AS ratio,
           held.amount AS held, held.acts, settled.amount AS settled
      FROM entry
      JOIN act ON act.position = entry.position
      JOIN project ON project.project = entry.project
      LEFT JOIN policy AS kinds ON kinds.key = 'bnd.kinds.works' AND kinds.unit = act.unit
                               AND entry.time >= kinds.starts AND entry.time < kinds.ends
      LEFT JOIN policy AS cap ON cap.key = 'bnd.retention.works' AND cap.unit = act.unit
                             AND entry.time >= cap.starts AND entry.time < cap.ends
     CROSS JOIN LATERAL (
           SELECT CASE WHEN count(*) FILTER (WHERE other.amount IS NULL AND other.type LIKE '%.receive') = 0
                       THEN sum(CASE WHEN other.type LIKE '%.receive' THEN other.amount ELSE -other.amount END) END AS amount,
                  array_agg(other.position) AS acts
             FROM entry AS other
            WHERE other.project = entry.project AND other.kind = entry.kind
              AND (other.position = entry.position
                   OR other.root = entry.root
                      AND (other.type LIKE '%.receive' AND (other.time, other.position) < (entry.time, entry.position)
                           OR other.type LIKE '%.refund' AND other.day <= entry.day))) AS held
     CROSS JOIN LATERAL (
           SELECT CASE WHEN count(*) = count(agreed.amount) THEN sum(agreed.amount) END AS amount
             FROM entry AS agreed
            WHERE agreed.project = entry.project AND agreed.root = entry.root
              AND agreed.type IN ('contract.sign', 'contract.amend')) AS settled
     WHERE entry.type LIKE '%.receive'
       AND coalesce(project.kind, 'works') = 'works'
       AND (entry.kind = 'retention' OR NOT coalesce(entry.kind = ANY (kinds.list), false))
), judged AS (
    SELECT taken.*, to_char(taken.held, 'FM999,999,999,999,990.00') AS held_shown,
           to_char(taken.settled, 'FM999,999,999,999,990.00') AS settled_shown,
           CASE WHEN taken.bought IS NULL THEN 'project.open kind'
                WHEN taken.kind = 'retention' AND taken.ratio IS NULL THEN 'bnd.retention.works'
                WHEN taken.kind = 'retention' AND taken.held IS NULL THEN 'retention.receive amount'
                WHEN taken.kind = 'retention' AND taken.settled IS NULL THEN 'contract.sign amount'
                WHEN taken.kind <> 'retention' AND taken.kinds IS NULL THEN 'bnd.kinds.works' END AS missing
      FROM taken
     WHERE NOT (taken.kind IN ('bid', 'performance') AND taken.kinds IS NULL)
)
SELECT judged.project,
       judged.position::text AS key,
       CASE WHEN judged.missing IS NOT NULL THEN 'UNDETERMINED'
            WHEN judged.kind = 'retention' AND judged.held <= judged.ratio * judged.settled THEN 'PASS'
            ELSE 'FAIL' END AS result,
       judged.position AS judged,
       judged.time AS since,
       judged.acts AS evidence,
       jsonb_build_object('contract', judged.root, 'supplier', judged.supplier, 'kind', judged.kind, 'held', judged.held,
                          'settled', judged.settled, 'ratio', judged.ratio, 'cap', judged.ratio * judged.settled,
                          'what_zh', CASE WHEN judged.kind = 'retention'
                                          THEN format('质量保证金 %s 元，超过结算总额 %s 元的 %s%%', judged.held_shown, judged.settled_shown,
                                                      trim_scale(judged.ratio * 100))
                                          ELSE format('依法设立的四类之外的保证金 %s 元', judged.held_shown) END,
                          'what_en', CASE WHEN judged.kind = 'retention'
                                          THEN format('retention money of CNY %s, more than %s%% of the settlement total of CNY %s',
                                                      judged.held_shown, trim_scale(judged.ratio * 100), judged.settled_shown)
                                          ELSE format('a security of CNY %s of none of the four kinds that may be taken',
                                                      judged.held_shown) END,
                          'unknown', judged.missing) AS computed
  FROM judged
