-- id = "INT-08"
-- title = {zh = "前期服务供应商参加采购", en = "Supplier of preparatory services bids"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §18 第2款"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["participant.record", "bid.open"]
-- says.zh = "{supplier} 为本项目提供过整体设计、规范编制、项目管理、监理或检测等服务，又于 {joined} 参加采购活动（采购方式：{method}）"
-- says.en = "{supplier} provided overall design, specifications, project management, supervision or testing for this project and took part in its procurement on {joined} (method: {method})"

WITH prior AS (
    SELECT participant.project, participant.supplier, min(participant.position) AS position
      FROM participant
     WHERE participant.kind = 'prior_service'
     GROUP BY participant.project, participant.supplier
), bid AS (
    SELECT DISTINCT ON (participant.project, participant.supplier) participant.*
      FROM participant
     WHERE participant.kind IN ('bidder', 'consortium_member')
     ORDER BY participant.project, participant.supplier, participant.time, participant.position
)
SELECT bid.project,
       bid.supplier AS key,
       CASE WHEN course.method IS NULL THEN 'UNDETERMINED'
            WHEN course.method = 'single_source' THEN 'PASS'
            ELSE 'FAIL' END AS result,
       bid.position AS judged,
       bid.time AS since,
       ARRAY[prior.position, bid.position, course.position] AS evidence,
       jsonb_build_object('supplier', bid.supplier, 'joined', bid.day, 'method', course.method,
                          'unknown', CASE WHEN course.method IS NULL THEN 'project.open method' END) AS computed
  FROM prior
  JOIN bid ON bid.project = prior.project AND bid.supplier = prior.supplier
  LEFT JOIN course ON course.project = bid.project AND bid.time >= course.starts AND bid.time < course.ends
