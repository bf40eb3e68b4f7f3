-- id = "NEG-02"
-- title = {zh = "以特定区域或行业业绩、奖项加分", en = "Points for local or sector records and prizes"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §20(4)"
-- confidence = "A"
-- inputs = ["req.review", "doc.check", "doc.approve", "notice.publish", "supervise.inspect"]
-- since = 2015-03-01
-- says.zh = "采购文件以特定行政区域或者特定行业的业绩、奖项作为加分条件或者中标、成交条件（{detail}），{coded} 审查或检查中指出，于 {published} 随公告发出时未解决，解决时间：{resolved}"
-- says.en = "The terms give points for, or make a condition of, records or prizes of a certain area or sector ({detail}); this was coded in a review or inspection on {coded} and had not been settled when they went out on {published}; settled: {resolved}"

-- One finding for a publication, whoever coded it, before or afterwards. What was settled before the terms went out is none.
WITH coded AS (
    SELECT issue.*, issue.time > issue.went_out OR coalesce(issue.resolved > issue.went_out, true) AS is_open
      FROM issue
     WHERE issue.rule = 'NEG-02' AND issue.published IS NOT NULL
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
