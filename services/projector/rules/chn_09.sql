-- id = "CHN-09"
-- title = {zh = "先实施后采购", en = "Performance before award and contract"}
-- severity = "CRITICAL"
-- force = "NORM"
-- citation = "财会〔2012〕21号; 审计实践"
-- confidence = "C"
-- since = 2014-01-01
-- inputs = ["delivery.record", "accept.perform", "pay.execute"]
-- says.zh = "“{act_zh}”于 {acted} 进行，当时合同 {contract} 尚未签订（签订时间：{signed}）"
-- says.en = "“{act_en}” was done on {acted}, when contract {contract} had not been signed (signed: {signed})"

SELECT act.project,
       -- What names no contract, or a contract signed under no name, is taken for the project's.
       act.position::text AS key,
       CASE WHEN signing.late IS DISTINCT FROM false THEN 'FAIL'
            WHEN signing.erased THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       act.position AS judged,
       act.time AS since,
       CASE WHEN signing.late THEN signing.time END AS cured,
       ARRAY[act.position, signing.position] AS evidence,
       jsonb_build_object('act_zh', act_name.zh, 'act_en', act_name.en, 'acted', act.day,
                          'contract', coalesce(act.contract, signing.contract), 'signed', signing.day,
                          'unknown', CASE WHEN signing.erased THEN 'contract.sign contract' END) AS computed
  FROM act
  JOIN act_name ON act_name.type = act.type
  LEFT JOIN LATERAL (
       SELECT contract.position, contract.contract, contract.time, contract.day, contract.data IS NULL AS erased,
              contract.time > act.time AS late
         FROM contract
        WHERE contract.project = act.project
          AND (contract.contract = act.contract OR act.contract IS NULL OR contract.contract LIKE 'act:%')
        ORDER BY contract.time > act.time, contract.data IS NULL, contract.time
        LIMIT 1) AS signing ON true
 WHERE act.type IN ('delivery.record', 'accept.perform', 'pay.execute')
