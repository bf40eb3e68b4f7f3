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
WITH coded AS (
    SELECT issue.*, issue.time > issue.went_out OR coalesce(issue.resolved > issue.went_out, true) AS is_open
      FROM issue
     WHERE issue.rule = 'NEG-03' AND issue.published IS NOT NULL
), gone_out AS (
    SELECT coded.project, coded.published, coded.went_out, bool_or(coded.is_open) AS is_open,
           min(coded.day) FILTER (WHERE coded.is_open) AS first, bool_and(coded.resolved IS NOT NULL) AS is_settled,
           max(coded.resolved) AS settled, array_agg(coded.position) || array_agg(coded.resolving) AS positions,
           array_agg(DISTINCT coded.detail) FILTER (WHERE coded.is_open AND coded.detail IS NOT NULL) AS details
      FROM coded
     GROUP BY coded.project, coded.published, coded.went_out
)
SELECT gone_out.project,
       gone_out.published::text AS key,
       CASE WHEN gone_out.is_open THEN 'FAIL' ELSE 'PASS' END AS result,
       gone_out.published AS judged,
       gone_out.went_out AS since,
       CASE WHEN gone_out.is_settled THEN gone_out.settled END AS cured,
       gone_out.published || gone_out.positions AS evidence,
       jsonb_build_object('published', projector.local_day(gone_out.went_out), 'coded', gone_out.first,
                          'detail', gone_out.details,
                          'resolved', CASE WHEN gone_out.is_settled THEN projector.local_day(gone_out.settled) END) AS computed
  FROM gone_out
