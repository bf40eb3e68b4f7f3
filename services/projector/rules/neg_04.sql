-- id = "NEG-04"
-- title = {zh = "同类业绩要求超过上限", en = "Too many similar contracts asked for"}
-- severity = "MEDIUM"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §18"
-- confidence = "A"
-- policies = ["neg.performance_max"]
-- inputs = ["req.review", "doc.check", "doc.approve", "notice.publish", "supervise.inspect"]
-- since = 2021-07-01
-- says.zh = "采购文件要求的同类业务合同超过 {most} 个（{detail}），{coded} 审查或检查中指出，于 {published} 随公告发出时未解决，解决时间：{resolved}"
-- says.en = "The terms ask for more than {most} contracts of the same kind ({detail}); this was coded in a review or inspection on {coded} and had not been settled when they went out on {published}; settled: {resolved}"

-- One finding for a publication, whoever coded it, before or afterwards. What was settled before the terms went out is none.
SELECT issue.project,
       issue.published::text AS key,
       CASE WHEN bool_and(issue.time <= issue.went_out AND coalesce(issue.resolved <= issue.went_out, false))
            THEN 'PASS' ELSE 'FAIL' END AS result,
       issue.published AS judged,
       issue.went_out AS since,
       CASE WHEN bool_and(issue.resolved IS NOT NULL) THEN max(issue.resolved) END AS cured,
       array_agg(issue.position) || array_agg(issue.resolving) || issue.published AS evidence,
       jsonb_build_object('most', policy.number, 'published', projector.local_day(issue.went_out), 'coded', min(issue.day),
                          'detail', array_remove(array_agg(issue.detail ORDER BY issue.time), NULL),
                          'resolved', CASE WHEN bool_and(issue.resolved IS NOT NULL)
                                           THEN projector.local_day(max(issue.resolved)) END) AS computed
  FROM issue
  JOIN act ON act.position = issue.published
  LEFT JOIN policy ON policy.key = 'neg.performance_max' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
 WHERE issue.rule = 'NEG-04'
   AND issue.published IS NOT NULL
 GROUP BY issue.project, issue.published, issue.went_out, policy.number
