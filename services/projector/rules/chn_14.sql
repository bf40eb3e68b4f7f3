-- id = "CHN-14"
-- title = {zh = "质疑期间签约", en = "Signed during an open challenge"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §54"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["contract.sign", "challenge.receive", "inquiry.receive"]
-- says.zh = "合同 {contract} 于 {signed} 签订，当时可能影响结果的质疑或询问尚未答复：{open}（收到：{received}；答复：{answered}）"
-- says.en = "Contract {contract} was signed on {signed} while a challenge or inquiry that may affect the result was unanswered: {open} (received {received}; answered: {answered})"

WITH received AS MATERIALIZED (
    SELECT act.project, act.position, act.type, act.object, act.time, act.day,
           projector.as_yes(act.data ->> 'affects_result') AS affects
      FROM act
     WHERE act.type IN ('challenge.receive', 'inquiry.receive')
       AND projector.as_yes(act.data ->> 'affects_result') IS NOT false
)
SELECT contract.project,
       -- A reply by the moment of signing is in time. One of the two naming nothing leaves it open whether it was the
       -- reply.
       contract.position::text AS key,
       CASE WHEN asked.affects THEN 'FAIL' WHEN asked.pending > 0 THEN 'UNDETERMINED' ELSE 'PASS' END AS result,
       contract.position AS judged,
       contract.time AS since,
       contract.position || asked.positions AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'open', asked.names,
                          'received', asked.received, 'answered', asked.answered,
                          'unknown', CASE WHEN asked.pending > 0 AND asked.affects IS NOT true
                                          THEN 'affects_result of the challenge or inquiry' END) AS computed
  FROM contract
 CROSS JOIN LATERAL (
       SELECT count(*) AS pending, bool_or(open.affects AND NOT open.unsure) AS affects,
              array_agg(open.position) AS positions, jsonb_agg(open.object) AS names, jsonb_agg(open.day) AS received,
              jsonb_agg(open.answered) FILTER (WHERE open.answered IS NOT NULL) AS answered
         FROM (SELECT act.position, act.object, act.day, act.affects,
                      reply.day AS answered, coalesce(reply.time <= contract.time, false) AS unsure
                 FROM received AS act
                 LEFT JOIN LATERAL (
                      SELECT reply.time, reply.day, reply.object IS NOT NULL AND act.object IS NOT NULL AS known
                        FROM act AS reply
                       WHERE reply.type = split_part(act.type, '.', 1) || '.reply' AND reply.project = act.project
                         AND reply.stands AND reply.time >= act.time
                         AND (reply.object = act.object OR reply.object IS NULL OR act.object IS NULL)
                       ORDER BY reply.time > contract.time, reply.object = act.object DESC NULLS LAST, reply.time
                       LIMIT 1) AS reply ON true
                WHERE act.project = contract.project AND act.time <= contract.time
                  AND NOT coalesce(reply.time <= contract.time AND reply.known, false)) AS open) AS asked
 WHERE contract.signed
