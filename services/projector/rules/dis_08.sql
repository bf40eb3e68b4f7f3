-- id = "DIS-08"
-- title = {zh = "采购意向与实际偏离", en = "Intent and actual purchase drift apart"}
-- severity = "LOW"
-- force = "UNIT"
-- citation = "单位内控制度（意向金额与采购公告预算之差）"
-- confidence = "C"
-- policies = ["dis.intent_drift"]
-- inputs = ["intent.publish", "notice.publish"]
-- since = 2020-07-01
-- says.zh = "{published} 的采购公告预算 {budget:money} 元，最近一次公开的意向（{told}）为 {intended:money} 元，相差 {difference:money} 元，超过 {most:percent}"
-- says.en = "The notice of {published} states a budget of {budget:money} yuan; the intent published last ({told}) states {intended:money} yuan: they differ by {difference:money} yuan, more than {most:percent}"

-- An intent published anew before the notice updates it. The names of the two are in no payload, so amounts are compared.
SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN abs(notice.amount - intent.amount) <= policy.number * intent.amount THEN 'PASS'
            WHEN abs(notice.amount - intent.amount) > policy.number * intent.amount THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       notice.position AS judged,
       notice.time AS since,
       ARRAY[intent.position, notice.position] AS evidence,
       jsonb_build_object('published', notice.day, 'budget', notice.amount, 'told', intent.day,
                          'intended', intent.amount, 'difference', abs(notice.amount - intent.amount),
                          'most', policy.number,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'dis.intent_drift'
                                          WHEN intent.amount IS NULL THEN 'intent.publish amount'
                                          WHEN notice.amount IS NULL THEN 'notice.publish amount' END) AS computed
  FROM act AS notice
  JOIN LATERAL (
       SELECT act.position, act.day, act.amount
         FROM act
        WHERE act.type = 'intent.publish' AND act.project = notice.project AND act.stands AND act.time <= notice.time
        ORDER BY act.time DESC
        LIMIT 1) AS intent ON true
  LEFT JOIN policy ON policy.key = 'dis.intent_drift' AND policy.unit = notice.unit
                  AND notice.time >= policy.starts AND notice.time < policy.ends
 WHERE notice.type = 'notice.publish' AND notice.stands
