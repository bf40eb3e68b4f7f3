-- id = "SPL-04"
-- title = {zh = "同一供应商短期多单", en = "Orders to one supplier clustered below a limit"}
-- severity = "ADVISORY"
-- force = "PRACTICE"
-- citation = ""
-- confidence = "C"
-- since = 2015-03-01
-- policies = ["spl.cluster", "method.threshold.goods", "method.threshold.services", "method.threshold.works"]
-- inputs = ["contract.sign"]
-- says.zh = "{unit} 在 {first} 至 {last} 间向 {supplier} 签订 {times} 份合同，每份都在采购限额标准 {threshold:money} 元的 {low:percent} 以上而低于其 {high:percent}，累计 {total:money} 元"
-- says.en = "Between {first} and {last} {unit} signed {times} contracts with {supplier}, each from {low:percent} up to just below {high:percent} of the procurement threshold of CNY {threshold:money}, for CNY {total:money} in all"

-- Contracts of one unit with one supplier, under whichever budget project. Every contract of a cluster is judged, by the
-- first cluster that it is part of.
WITH graded AS (
    SELECT signing.*, limits.number AS threshold, projector.as_number(cluster.value ->> 'count') AS least,
           projector.as_number(cluster.value ->> 'days') AS days, projector.as_number(cluster.value ->> 'low') AS low,
           projector.as_number(cluster.value ->> 'high') AS high,
           signing.amount >= projector.as_number(cluster.value ->> 'low') * limits.number
           AND signing.amount < projector.as_number(cluster.value ->> 'high') * limits.number AS near
      FROM signing
      JOIN policy AS cluster ON cluster.key = 'spl.cluster' AND cluster.unit = signing.unit
                            AND signing.time >= cluster.starts AND signing.time < cluster.ends
      LEFT JOIN policy AS limits ON limits.key = 'method.threshold.' || signing.kind AND limits.unit = signing.unit
                                AND signing.time >= limits.starts AND signing.time < limits.ends
), cluster AS MATERIALIZED (
    SELECT last.position, last.unit, last.supplier, last.time, last.day, min(member.day) AS first, last.threshold, last.least,
           last.low, last.high, last.kind, count(*) FILTER (WHERE member.near) AS times,
           sum(member.amount) FILTER (WHERE member.near) AS total,
           array_agg(member.position) FILTER (WHERE member.near) AS sure, array_agg(member.position) AS acts
      FROM graded AS last
      JOIN graded AS member ON member.unit = last.unit AND member.supplier = last.supplier
                           AND last.day - member.day BETWEEN 0 AND last.days
                           AND (member.time, member.position) <= (last.time, last.position)
                           AND coalesce(member.near, true)
     WHERE coalesce(last.near, true)
     GROUP BY last.position, last.unit, last.supplier, last.time, last.day, last.threshold, last.least, last.low, last.high,
              last.kind
    HAVING count(*) >= last.least
)
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN cluster.times >= cluster.least AND contract.position = ANY (cluster.sure) THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       contract.position AS judged,
       cluster.time AS since,
       cluster.acts AS evidence,
       jsonb_build_object('unit', cluster.unit, 'supplier', cluster.supplier, 'first', cluster.first, 'last', cluster.day,
                          'times', cluster.times, 'total', cluster.total, 'threshold', cluster.threshold, 'low', cluster.low,
                          'high', cluster.high,
                          'unknown', CASE WHEN cluster.times >= cluster.least AND contract.position = ANY (cluster.sure) THEN NULL
                                          WHEN cluster.kind IS NULL THEN 'project.open kind'
                                          WHEN cluster.threshold IS NULL THEN 'method.threshold.' || cluster.kind
                                          ELSE 'contract.sign amount' END) AS computed
  FROM contract
  JOIN LATERAL (
       SELECT cluster.*
         FROM cluster
        WHERE contract.position = ANY (cluster.acts)
        ORDER BY cluster.times >= cluster.least AND contract.position = ANY (cluster.sure) DESC NULLS LAST, cluster.time
        LIMIT 1) AS cluster ON true
 WHERE contract.signed
