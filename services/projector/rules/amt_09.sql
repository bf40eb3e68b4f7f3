-- id = "AMT-09"
-- title = {zh = "异常低价未审查", en = "Abnormally low bid not examined"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2026〕2号"
-- confidence = "B"
-- since = 2026-02-01
-- policies = ["amt.low.mean", "amt.low.next", "amt.low.ceiling"]
-- inputs = ["eval.perform", "notice.publish", "budget.approve"]
-- says.zh = "{suppliers} 的报价 {prices:money} 元异常低（{bids} 家平均 {mean:money} 元，次低 {next:money} 元，最高限价 {ceiling:money} 元），评审时未作审查"
-- says.en = "The bids of {suppliers}, CNY {prices:money}, are abnormally low ({bids} bids, mean CNY {mean:money}, next-lowest CNY {next:money}, ceiling CNY {ceiling:money}) and were not examined at the evaluation"

-- Bids ranked have passed the examination of compliance, and the mean is of all of them. Only the lowest is compared with
-- the next-lowest. Without a price ceiling the budget is the ceiling. Exactly the ratio is not low.
WITH bid AS (
    SELECT act.position, ranked.item ->> 'supplier' AS supplier, projector.as_number(ranked.item ->> 'price') AS price,
           projector.as_yes(ranked.item ->> 'examined') AS examined
      FROM act
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'ranking') WHEN 'array' THEN act.data -> 'ranking'
                                             ELSE '[]' END) AS ranked (item)
     WHERE act.type = 'eval.perform' AND act.stands
), field AS (
    SELECT bid.position, count(*) AS bids, sum(bid.price) AS total, min(bid.price) AS lowest,
           (array_agg(bid.price ORDER BY bid.price) FILTER (WHERE bid.price IS NOT NULL))[2] AS next,
           count(*) - count(bid.price) AS unpriced
      FROM bid
     GROUP BY bid.position
), tried AS (
    SELECT act.position, act.project, act.time, field.bids, field.unpriced, field.total, field.next, limits.price AS ceiling,
           mean.number AS by_mean, next.number AS by_next, ceiling.number AS by_ceiling, limits.position AS limited, field.lowest
      FROM act
      JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
      LEFT JOIN field ON field.position = act.position
      LEFT JOIN policy AS mean ON mean.key = 'amt.low.mean' AND mean.unit = act.unit
                              AND act.time >= mean.starts AND act.time < mean.ends
      LEFT JOIN policy AS next ON next.key = 'amt.low.next' AND next.unit = act.unit
                              AND act.time >= next.starts AND act.time < next.ends
      LEFT JOIN policy AS ceiling ON ceiling.key = 'amt.low.ceiling' AND ceiling.unit = act.unit
                                 AND act.time >= ceiling.starts AND act.time < ceiling.ends
      LEFT JOIN LATERAL (
           SELECT projector.as_number(notice.data ->> 'price_ceiling') AS price, notice.position, notice.time
             FROM act AS notice
            WHERE notice.type = 'notice.publish' AND notice.project = act.project AND notice.time <= act.time
              AND notice.data ->> 'price_ceiling' IS NOT NULL
            UNION ALL
           SELECT budget.total, budget.position, '-infinity'
             FROM budget
            WHERE budget.project = act.project AND act.time >= budget.starts AND act.time < budget.ends
            ORDER BY time DESC
            LIMIT 1) AS limits ON true
     WHERE act.type = 'eval.perform' AND act.stands AND course.method IS DISTINCT FROM 'single_source'
), low AS (
    SELECT bid.position, bool_or(bid.examined IS FALSE) AS unexamined, bool_or(bid.examined IS NULL) AS open,
           coalesce(array_agg(bid.supplier ORDER BY bid.price) FILTER (WHERE bid.examined IS FALSE),
                    array_agg(bid.supplier ORDER BY bid.price) FILTER (WHERE bid.examined IS NULL)) AS suppliers,
           coalesce(array_agg(bid.price ORDER BY bid.price) FILTER (WHERE bid.examined IS FALSE),
                    array_agg(bid.price ORDER BY bid.price) FILTER (WHERE bid.examined IS NULL)) AS prices
      FROM tried
      JOIN bid USING (position)
     WHERE tried.unpriced = 0 AND bid.price * tried.bids < tried.by_mean * tried.total
        OR tried.unpriced = 0 AND bid.price = tried.lowest AND bid.price < tried.by_next * tried.next
        OR bid.price < tried.by_ceiling * tried.ceiling
     GROUP BY bid.position
)
SELECT tried.project,
       tried.position::text AS key,
       CASE WHEN low.unexamined THEN 'FAIL'
            WHEN low.open OR tried.bids IS NULL OR tried.unpriced > 0 OR tried.ceiling IS NULL
                 OR tried.by_mean IS NULL OR tried.by_next IS NULL OR tried.by_ceiling IS NULL THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       tried.position AS judged,
       tried.time AS since,
       ARRAY[tried.position, tried.limited] AS evidence,
       jsonb_build_object('suppliers', low.suppliers, 'prices', low.prices, 'bids', tried.bids,
                          'mean', CASE WHEN tried.unpriced = 0 THEN round(tried.total / tried.bids, 2) END,
                          'next', CASE WHEN tried.unpriced = 0 THEN tried.next END, 'ceiling', tried.ceiling,
                          'unknown', CASE WHEN tried.bids IS NULL THEN 'eval.perform ranking'
                                          WHEN tried.unpriced > 0 THEN 'eval.perform ranking.price'
                                          WHEN low.open THEN 'eval.perform ranking.examined'
                                          WHEN tried.ceiling IS NULL THEN 'notice.publish price_ceiling'
                                          WHEN tried.by_mean IS NULL THEN 'amt.low.mean'
                                          WHEN tried.by_next IS NULL THEN 'amt.low.next'
                                          WHEN tried.by_ceiling IS NULL THEN 'amt.low.ceiling' END) AS computed
  FROM tried
  LEFT JOIN low USING (position)
