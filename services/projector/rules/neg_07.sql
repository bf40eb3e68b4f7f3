-- id = "NEG-07"
-- title = {zh = "设置备选库、名录库、资格库", en = "Membership of a list required"}
-- severity = "HIGH"
-- force = "RULE"
-- citation = "财政部令110号; 财办库〔2021〕14号"
-- confidence = "B"
-- inputs = ["req.review", "doc.check", "doc.approve", "notice.publish", "supervise.inspect"]
-- since = 2022-03-01
-- says.zh = "采购文件要求供应商进入备选库、名录库或者资格库（{detail}），{coded} 审查或检查中指出，于 {published} 随公告发出时未解决，解决时间：{resolved}"
-- says.en = "The terms require membership of a list of suppliers kept in reserve ({detail}); this was coded in a review or inspection on {coded} and had not been settled when they went out on {published}; settled: {resolved}"

-- One finding for a publication, whoever coded it, before or afterwards. What was settled before the terms went out is none.
WITH coded AS (
    SELECT issue.*, issue.time > issue.went_out OR coalesce(issue.resolved > issue.went_out, true) AS is_open
      FROM issue
     WHERE issue.rule = 'NEG-07' AND issue.published IS NOT NULL
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
