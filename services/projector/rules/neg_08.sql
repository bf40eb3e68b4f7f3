-- id = "NEG-08"
-- title = {zh = "以样品检测、考察改变评审结果", en = "Result changed by testing samples or visiting"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §44"
-- confidence = "A"
-- inputs = ["eval.perform", "award.decide", "supervise.inspect"]
-- since = 2015-03-01
-- says.zh = "{decided} 确定 {supplier} 中标（成交），评审推荐 {recommended}，此前已定 {before}；定标理由 {reason}；审查或检查指出：{detail}"
-- says.en = "{supplier} was awarded on {decided}, while the evaluation recommended {recommended} and {before} had been awarded before; reason given: {reason}; coded in a review or inspection: {detail}"

-- A test or a visit that leaves the result as it is changes nothing. Which evaluation an award rests on is not said where
-- there are several, so that the first of any of them will do.
WITH ranked AS (
    SELECT act.project, act.position, act.time,
           coalesce(act.data ->> 'recommended', act.data #>> '{ranking,0,supplier}') AS supplier
      FROM act
     WHERE act.type = 'eval.perform' AND act.stands
), coded AS (
    SELECT issue.position, issue.detail, issue.resolved, issue.project,
           (SELECT act.position
              FROM act
             WHERE act.type = 'award.decide' AND act.project = issue.project AND act.stands
             ORDER BY act.time < issue.time, CASE WHEN act.time >= issue.time THEN act.time END, act.time DESC
             LIMIT 1) AS award
      FROM issue
     WHERE issue.rule = 'NEG-08'
), questioned AS MATERIALIZED (
    SELECT act.*, said.positions, said.details, said.resolved
      FROM act
     CROSS JOIN LATERAL (
           SELECT array_agg(coded.position) AS positions,
                  array_agg(DISTINCT coded.detail) FILTER (WHERE coded.detail IS NOT NULL) AS details,
                  CASE WHEN bool_and(coded.resolved IS NOT NULL) THEN max(coded.resolved) END AS resolved
             FROM coded
            WHERE coded.award = act.position AND (coded.resolved IS NULL OR coded.resolved > act.time)) AS said
     WHERE act.type = 'award.decide'
       AND act.stands
       AND (act.data ->> 'reason' IN ('sample_test', 'site_visit') OR said.positions IS NOT NULL)
)
SELECT act.project,
       act.position::text AS key,
       CASE WHEN act.positions IS NOT NULL THEN 'FAIL'
            WHEN act.supplier IS NULL OR first.suppliers IS NULL AND before.position IS NULL THEN 'UNDETERMINED'
            WHEN act.supplier <> ALL (first.suppliers) OR act.supplier <> before.supplier THEN 'FAIL'
            ELSE 'PASS' END AS result,
       act.position AS judged,
       act.time AS since,
       CASE WHEN act.data ->> 'reason' IN ('sample_test', 'site_visit') THEN NULL ELSE act.resolved END AS cured,
       ARRAY[act.position, before.position] || coalesce(first.positions, '{}') || coalesce(act.positions, '{}') AS evidence,
       jsonb_build_object('decided', act.day, 'supplier', act.supplier, 'recommended', first.suppliers,
                          'before', before.supplier, 'reason', act.data ->> 'reason', 'detail', act.details,
                          'unknown', CASE WHEN act.supplier IS NULL THEN 'award.decide supplier'
                                          WHEN first.suppliers IS NULL AND before.position IS NULL
                                          THEN 'eval.perform ranking' END) AS computed
  FROM questioned AS act
 CROSS JOIN LATERAL (
       SELECT array_agg(ranked.supplier) FILTER (WHERE ranked.supplier IS NOT NULL) AS suppliers,
              array_agg(ranked.position) AS positions
         FROM ranked
        WHERE ranked.project = act.project AND ranked.time <= act.time) AS first
  LEFT JOIN LATERAL (
       SELECT earlier.position, earlier.supplier
         FROM act AS earlier
        WHERE earlier.type = 'award.decide' AND earlier.project = act.project AND earlier.stands
          AND earlier.object = act.object AND earlier.time < act.time
        ORDER BY earlier.time DESC, earlier.position DESC
        LIMIT 1) AS before ON true
