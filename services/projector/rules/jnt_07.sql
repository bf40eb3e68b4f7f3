-- id = "JNT-07"
-- title = {zh = "集体决策要件不全或被个人改变", en = "Collective decision incomplete or altered by one person"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财会〔2012〕21号 §14"
-- confidence = "C"
-- policies = ["jnt.quorum"]
-- inputs = ["plan.approve", "award.decide", "contract.sign"]
-- since = 2014-01-01
-- says.zh = "{act} {object} 于 {decided} 集体决定（金额 {amount:money}，保留给集体的起点 {limit:money}）：应有会议纪要且出席不少于 {quorum} 人，会议纪要：{minutes}，出席 {attendees} 人，其后个人改变决定：{altered}"
-- says.en = "{act} {object} was decided by a body on {decided} (amount {amount:money}, reserved from {limit:money}): this takes minutes and at least {quorum} attending; minutes: {minutes}; attending: {attendees}; changed by one person afterwards: {altered}"

-- Only what is reserved to a body. One person deciding it alone is AUT-16; here one changes what the body decided, staying
-- below what is reserved. Everybody present makes the quorum, an observer does not.
SELECT act.project,
       act.position::text AS key,
       CASE WHEN quorum.number IS NULL THEN 'UNDETERMINED'
            WHEN held.minutes AND held.attendees >= quorum.number AND altering.position IS NULL THEN 'PASS'
            WHEN matter.open OR act.erased THEN 'UNDETERMINED'
            WHEN altering.position IS NOT NULL OR NOT held.minutes AND held.untitled = 0
                 OR held.listed AND held.attendees < quorum.number THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       coalesce(altering.position, act.position) AS judged,
       coalesce(altering.time, act.time) AS since,
       ARRAY[act.position, altering.position, matter.position] AS evidence,
       jsonb_build_object('act', act.type, 'object', act.object, 'decided', act.day, 'amount', act.amount,
                          'limit', matter.amount_from, 'quorum', quorum.number, 'minutes', held.minutes,
                          'attendees', held.attendees, 'altered', altering.day,
                          'unknown', CASE WHEN quorum.number IS NULL THEN 'jnt.quorum'
                                          WHEN matter.open THEN act.type || ' amount'
                                          WHEN NOT held.minutes AND held.untitled > 0 THEN act.type || ' documents'
                                          WHEN NOT held.listed THEN act.type || ' participants' END) AS computed
  FROM act
 CROSS JOIN LATERAL (
       SELECT reserved.position, reserved.amount_from,
              reserved.amount_from IS NOT NULL AND (act.amount IS NULL OR act.currency <> 'CNY') AS open
         FROM reserved
        WHERE reserved.act = act.type AND reserved.unit = act.unit AND reserved.known_from <= act.time
          AND act.time >= reserved.starts AND act.time < reserved.ends
          AND (reserved.amount_from IS NULL OR act.amount IS NULL OR act.currency <> 'CNY'
               OR act.amount >= reserved.amount_from)
        ORDER BY reserved.amount_from NULLS FIRST, reserved.position
        LIMIT 1) AS matter
  LEFT JOIN policy AS quorum ON quorum.key = 'jnt.quorum' AND quorum.unit = act.unit
                            AND act.time >= quorum.starts AND act.time < quorum.ends
 CROSS JOIN LATERAL (
       SELECT jsonb_typeof(act.data -> 'participants') IS NOT DISTINCT FROM 'array' AS listed,
              (SELECT count(DISTINCT hand.person) FROM hand
                WHERE hand.position = act.position AND hand.human AND hand.capacity <> 'observer') AS attendees,
              coalesce(bool_or(paper.item ->> 'kind' = 'minutes'), false) AS minutes,
              count(*) FILTER (WHERE paper.item ->> 'kind' IS NULL) AS untitled
         FROM jsonb_array_elements(CASE jsonb_typeof(act.data -> 'documents')
                                   WHEN 'array' THEN act.data -> 'documents' ELSE '[]' END) AS paper (item)) AS held
  LEFT JOIN LATERAL (
       SELECT later.position, later.time, later.day
         FROM act AS later
        WHERE later.type = act.type AND later.project = act.project AND later.object = act.object AND later.stands
          AND later.time > act.time AND later.actor NOT LIKE 'body:%'
          AND (later.supplier <> act.supplier OR later.amount <> act.amount
               OR later.data ->> 'method' <> act.data ->> 'method')
          AND (later.amount IS NULL OR later.amount < matter.amount_from)
        ORDER BY later.time, later.position
        LIMIT 1) AS altering ON true
 WHERE act.actor LIKE 'body:%'
   AND act.stands
