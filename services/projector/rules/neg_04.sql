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
WITH coded AS (
    SELECT issue.*, issue.time > issue.went_out OR coalesce(issue.resolved > issue.went_out, true) AS is_open
      FROM issue
     WHERE issue.rule = 'NEG-04' AND issue.published IS NOT NULL
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
                          'detail', gone_out.details, 'most', policy.number,
                          'resolved', CASE WHEN gone_out.is_settled THEN projector.local_day(gone_out.settled) END) AS computed
  FROM gone_out
  JOIN act ON act.position = gone_out.published
  LEFT JOIN policy ON policy.key = 'neg.performance_max' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
