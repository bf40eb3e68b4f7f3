-- id = "NEG-03"
-- title = {zh = "以规模条件或厂家授权作资格要求", en = "Size or a maker’s authorisation required"}
-- severity = "HIGH"
-- force = "RULE"
-- citation = "财政部令87号 §17"
-- confidence = "B"
-- inputs = ["req.review", "doc.check", "doc.approve", "notice.publish", "supervise.inspect"]
-- since = 2017-10-01
-- says.zh = "采购文件将供应商的规模条件或者生产厂家授权作为资格要求（{detail}），{coded} 审查或检查中指出，于 {published} 随公告发出时未解决，解决时间：{resolved}"
-- says.en = "The terms require a certain size of the supplier, or an authorisation by the maker, for qualification ({detail}); this was coded in a review or inspection on {coded} and had not been settled when they went out on {published}; settled: {resolved}"

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
 WHERE issue.rule = 'NEG-03'
   AND issue.published IS NOT NULL
 GROUP BY issue.project, issue.published, issue.went_out
