-- id = "CHN-05"
-- title = {zh = "计划未备案", en = "Plan not filed"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §29, §67(1)"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["notice.publish", "plan.file"]
-- says.zh = "采购公告于 {published} 发布，此前实施计划未备案（备案时间：{filed}）"
-- says.en = "The procurement notice was published on {published}; the plan had not been filed by then (filed: {filed})"

SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN filing.late IS DISTINCT FROM false THEN 'FAIL'
            WHEN filing.erased THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       notice.position AS judged,
       notice.time AS since,
       CASE WHEN filing.late THEN filing.time END AS cured,
       ARRAY[notice.position, filing.position] AS evidence,
       jsonb_build_object('published', notice.day, 'filed', filing.day,
                          'unknown', CASE WHEN filing.erased THEN 'plan.file result' END) AS computed
  FROM act AS notice
  LEFT JOIN course ON course.project = notice.project AND notice.time >= course.starts AND notice.time < course.ends
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day, act.erased, act.time > notice.time AS late
         FROM act
        WHERE act.type = 'plan.file' AND act.project = notice.project AND act.stands
        ORDER BY act.time > notice.time, act.erased, act.time
        LIMIT 1) AS filing ON true
 WHERE notice.type = 'notice.publish'
   AND NOT 'plan.file' = ANY (coalesce(course.skips, '{}'))
