-- id = "NEG-07"
-- title = {zh = "设置备选库、名录库、资格库", en = "Membership of a list required"}
-- severity = "HIGH"
-- force = "RULE"
-- citation = "财政部令110号; 财办库〔2021〕14号"
-- confidence = "B"
-- inputs = ["req.review", "doc.check", "doc.approve", "notice.publish", "supervise.inspect"]
-- since = 2021-04-01
-- says.zh = "采购文件要求供应商进入备选库、名录库或者资格库（{detail}），{coded} 审查或检查中指出，于 {published} 随公告发出时未解决，解决时间：{resolved}"
-- says.en = "The terms require membership of a list of suppliers kept in reserve ({detail}); this was coded in a review or inspection on {coded} and had not been settled when they went out on {published}; settled: {resolved}"

-- One finding for a publication, whoever coded it, before or afterwards. What was settled before the terms went out is none.
SELECT issue.project,
       issue.published::text AS key,
       CASE WHEN bool_and(issue.time <= issue.went_out AND coalesce(issue.resolved <= issue.went_out, false))
            THEN 'PASS' ELSE 'FAIL' END AS result,
       issue.published AS judged,
       issue.went_out AS since,
       CASE WHEN bool_and(issue.resolved IS NOT NULL) THEN max(issue.resolved) END AS cured,
       array_agg(issue.position) || array_agg(issue.resolving) || issue.published AS evidence,
       jsonb_build_object('published', projector.local_day(issue.went_out), 'coded', min(issue.day),
                          'detail', array_remove(array_agg(issue.detail ORDER BY issue.time), NULL),
                          'resolved', CASE WHEN bool_and(issue.resolved IS NOT NULL)
                                           THEN projector.local_day(max(issue.resolved)) END) AS computed
  FROM issue
 WHERE issue.rule = 'NEG-07'
   AND issue.published IS NOT NULL
 GROUP BY issue.project, issue.published, issue.went_out
