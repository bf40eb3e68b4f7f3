-- id = "DDL-03"
-- title = {zh = "澄清修改不足15日且未顺延", en = "Late clarification without extension"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §31"
-- confidence = "A"
-- policies = ["ddl.clarify"]
-- inputs = ["notice.publish", "doc.clarify", "bid.open"]
-- since = 2015-03-01
-- says.zh = "{clarified} 的澄清或修改可能影响投标文件编制，应在投标截止至少 {number} 日前作出或顺延至不早于 {earliest}，投标截止日为 {closes}（相距 {days} 日）"
-- says.en = "The clarification of {clarified} may change how bids are made and had to come {number} days before they close, or move the closing day to {earliest} or later; bids closed on {closes}, {days} days after it"

-- The closing day is the one said last when the clarification was made, itself included; a later extension makes it
-- good. Where nobody said one, bids closed when they were opened.
SELECT clarified.project,
       clarified.position::text AS key,
       CASE WHEN closing.day >= term.earliest THEN 'PASS'
            WHEN closing.day < term.earliest AND asked.affects AND course.method IS NOT NULL THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       clarified.position AS judged,
       clarified.time AS since,
       extended.time AS cured,
       ARRAY[clarified.position, closing.position, extended.position] AS evidence,
       jsonb_build_object('clarified', clarified.day, 'number', policy.number, 'earliest', term.earliest,
                          'closes', closing.day, 'days', closing.day - clarified.day,
                          'unknown', CASE WHEN term.earliest IS NULL THEN 'ddl.clarify'
                                          WHEN closing.day IS NULL THEN 'notice.publish bid_deadline'
                                          WHEN asked.affects IS NULL THEN 'doc.clarify affects_result'
                                          WHEN course.method IS NULL THEN 'project.open method' END) AS computed
  FROM act AS clarified
  LEFT JOIN course ON course.project = clarified.project
                  AND clarified.time >= course.starts AND clarified.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.clarify' AND policy.unit = clarified.unit
                  AND clarified.time >= policy.starts AND clarified.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(clarified.day, policy.number::integer, policy.measure, policy.rolls) AS earliest) AS term
 CROSS JOIN LATERAL (SELECT projector.as_yes(clarified.data ->> 'affects_result') AS affects) AS asked
 CROSS JOIN LATERAL (
       SELECT coalesce(min(act.time), 'infinity') AS ends
         FROM act
        WHERE act.type = 'notice.publish' AND act.project = clarified.project AND act.time > clarified.time) AS round
  LEFT JOIN LATERAL (
       SELECT said.position, said.day
         FROM (SELECT act.position, act.time <= clarified.time AS before, act.time,
                      CASE WHEN act.type = 'bid.open' THEN act.day
                           ELSE projector.as_day(act.data ->> 'bid_deadline') END AS day
                 FROM act
                WHERE act.project = clarified.project
                  AND (act.type IN ('notice.publish', 'doc.clarify') AND act.time <= clarified.time
                       OR act.type = 'bid.open' AND act.time >= clarified.time AND act.time < round.ends)) AS said
        WHERE said.day IS NOT NULL
        ORDER BY said.before DESC, CASE WHEN said.before THEN said.time END DESC, said.time, said.position
        LIMIT 1) AS closing ON true
  LEFT JOIN LATERAL (
       SELECT act.position, act.time
         FROM act
        WHERE act.type = 'doc.clarify' AND act.project = clarified.project AND act.time > clarified.time
          AND act.time < round.ends AND projector.as_day(act.data ->> 'bid_deadline') >= term.earliest
        ORDER BY act.time
        LIMIT 1) AS extended ON true
 WHERE clarified.type = 'doc.clarify'
   AND asked.affects IS NOT false
   AND coalesce(course.method IN ('open_tender', 'invited_tender'), true)
