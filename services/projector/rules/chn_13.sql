-- id = "CHN-13"
-- title = {zh = "未按候选顺序定标", en = "Award out of rank order"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §43, §44, §67(3)"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["award.decide", "eval.perform"]
-- says.zh = "{decided} 确定 {supplier} 中标（成交），评审排名：第 {rank} 名，第一名为 {first}，理由：{reason}"
-- says.en = "The award of {decided} went to {supplier}, ranked {rank} by the evaluation, where {first} came first; reason given: {reason}"

WITH award AS (
    -- The last evaluation of each thing evaluated; first in any of them is first. A framework agreement is awarded to
    -- several. A sample test or a visit is no reason (§44); "other" needs somebody to look.
    SELECT act.project, act.position, act.time, act.day, act.data ->> 'supplier' AS supplier,
           act.data ->> 'reason' AS reason
      FROM act
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
     WHERE act.type = 'award.decide' AND act.stands
       AND coalesce(course.method, '') <> 'framework'
       AND NOT 'eval.perform' = ANY (coalesce(course.skips, '{}'))
), ranked AS (
    SELECT award.position AS award, evaluation.position,
           coalesce(evaluation.data -> 'ranking' -> 0 ->> 'supplier', evaluation.data ->> 'recommended') AS first,
           (SELECT min(entry.place)
              FROM jsonb_array_elements(CASE jsonb_typeof(evaluation.data -> 'ranking')
                   WHEN 'array' THEN evaluation.data -> 'ranking' ELSE '[]' END) WITH ORDINALITY AS entry (item, place)
             WHERE entry.item ->> 'supplier' = award.supplier) AS place,
           jsonb_typeof(evaluation.data -> 'ranking' -> 0) IS NULL AS unranked
      FROM award
     CROSS JOIN LATERAL (
           SELECT DISTINCT ON (act.object) act.position, act.data
             FROM act
            WHERE act.type = 'eval.perform' AND act.project = award.project AND act.stands AND act.time <= award.time
            ORDER BY act.object, act.time DESC, act.known_from DESC, act.position DESC) AS evaluation
), judged AS (
    SELECT award.*, seen.positions, seen.first, seen.place, seen.is_first, seen.unranked
      FROM award
     CROSS JOIN LATERAL (
           SELECT array_agg(ranked.position) AS positions, to_jsonb(array_agg(ranked.first)) AS first,
                  min(ranked.place) AS place, bool_or(ranked.unranked) IS NOT false AS unranked,
                  CASE WHEN bool_or(ranked.first = award.supplier) THEN true
                       WHEN bool_or(ranked.first IS NULL) THEN NULL
                       ELSE bool_or(ranked.first = award.supplier) END AS is_first
             FROM ranked
            WHERE ranked.award = award.position) AS seen
)
SELECT judged.project,
       judged.position::text AS key,
       CASE WHEN judged.is_first THEN 'PASS'
            WHEN judged.is_first IS NULL THEN 'UNDETERMINED'
            WHEN judged.place IS NULL AND NOT judged.unranked THEN 'FAIL'
            WHEN judged.reason IN ('withdrew', 'unable', 'bad_record', 'challenge_upheld') THEN 'PASS'
            WHEN judged.reason = 'other' THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       judged.position AS judged,
       judged.time AS since,
       judged.position || judged.positions AS evidence,
       jsonb_build_object('decided', judged.day, 'supplier', judged.supplier, 'rank', judged.place,
                          'first', judged.first, 'reason', judged.reason,
                          'unknown', CASE WHEN judged.supplier IS NULL THEN 'award.decide supplier'
                                          WHEN judged.is_first IS NULL THEN 'eval.perform ranking'
                                          WHEN judged.reason = 'other' THEN 'award.decide reason' END) AS computed
  FROM judged
