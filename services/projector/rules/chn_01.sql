-- id = "CHN-01"
-- title = {zh = "无预算采购", en = "No approved budget"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §6; 预算法 §13; 保障中小企业款项支付条例 §8"
-- confidence = "A"
-- inputs = ["budget.approve", "budget.adjust", "notice.publish", "single.publicise", "award.decide", "contract.sign"]
-- says.zh = "“{act_zh}”于 {began} 进行，当时没有有效的采购预算（预算批复：{approved}）"
-- says.en = "“{act_en}” was done on {began}, when no procurement budget was in force (approved: {approved})"

WITH began AS (
    -- Buying begins with the first act of tender or contract. Drafting the documents commits to nothing and may go
    -- before.
    SELECT DISTINCT ON (act.project) act.project, act.position, act.type, act.time, act.day
      FROM act
     WHERE act.stage IN ('TENDER', 'CONTRACT') AND act.type NOT IN ('doc.prepare', 'doc.check', 'doc.approve')
        OR act.type IN ('notice.publish', 'single.publicise')
     ORDER BY act.project, act.time, act.known_from, act.position
)
SELECT began.project,
       'budget' AS key,
       CASE WHEN held.position IS NULL OR held.total = 0 THEN 'FAIL'
            WHEN approval.erased THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       began.position AS judged,
       began.time AS since,
       CASE WHEN held.position IS NULL OR held.total = 0 THEN later.starts END AS cured,
       ARRAY[began.position, held.position, later.position] AS evidence,
       jsonb_build_object('act_zh', act_name.zh, 'act_en', act_name.en, 'began', began.day,
                          'approved', projector.local_day(coalesce(held.starts, later.starts)),
                          'unknown', CASE WHEN approval.erased THEN 'budget.approve result' END) AS computed
  FROM began
  JOIN act_name ON act_name.type = began.type
  LEFT JOIN budget AS held ON held.project = began.project AND began.time >= held.starts AND began.time < held.ends
  LEFT JOIN act AS approval ON approval.position = held.position
  LEFT JOIN LATERAL (
       SELECT budget.position, budget.starts
         FROM budget
        WHERE budget.project = began.project AND budget.starts > began.time AND budget.total IS DISTINCT FROM 0
        ORDER BY budget.starts
        LIMIT 1) AS later ON held.position IS NULL OR held.total = 0
