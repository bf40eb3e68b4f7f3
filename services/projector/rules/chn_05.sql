-- id = "CHN-05"
-- title = {zh = "计划未备案", en = "Plan not filed"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §29, §67(1)"
-- confidence = "A"
-- inputs = ["notice.publish", "plan.file"]
-- says.zh = "采购公告于 {published} 发布，此前实施计划未备案（备案时间：{filed}）"
-- says.en = "The procurement notice was published on {published}; the plan had not been filed by then (filed: {filed})"

SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN filing.time <= notice.time THEN 'PASS' ELSE 'FAIL' END AS result,
       notice.position AS judged,
       notice.time AS since,
       filing.time AS cured,
       ARRAY[notice.position, filing.position] AS evidence,
       jsonb_build_object('published', notice.day, 'filed', filing.day) AS computed
  FROM act AS notice
  JOIN course ON course.project = notice.project AND notice.time >= course.starts AND notice.time < course.ends
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'plan.file' AND act.project = notice.project AND act.stands
        ORDER BY act.time
        LIMIT 1) AS filing ON true
 WHERE notice.type = 'notice.publish'
   AND NOT 'plan.file' = ANY (course.skips)
