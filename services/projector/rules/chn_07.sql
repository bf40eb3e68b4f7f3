-- id = "CHN-07"
-- title = {zh = "无委托协议代理", en = "Agency without agreement"}
-- severity = "HIGH"
-- force = "LAW"
-- citation = "政府采购法 §20; 政府采购法实施条例 §16"
-- confidence = "A"
-- inputs = ["agency.sign"]
-- says.zh = "{agency} 于 {acted} 办理“{act_zh}”，当时没有有效的委托代理协议（协议签订：{signed}，有效期至：{until}）"
-- says.en = "{agency} did “{act_en}” on {acted}, when no agency agreement with it was in force (agreement signed: {signed}, valid until: {until})"

WITH done AS (
    -- Whether the agreement names the act is another question (AUT-21). A machine acts for whoever leads.
    SELECT DISTINCT ON (act.position) act.project, act.position, act.type, act.time, act.day, hand.person,
           coalesce(employer.employer, hand.person) AS agency
      FROM hand
      JOIN act ON act.position = hand.position
      LEFT JOIN employer ON employer.person = hand.person AND act.time >= employer.starts AND act.time < employer.ends
     WHERE (hand.person LIKE 'agency:%'
            OR hand.person IN (SELECT employer.person FROM employer WHERE employer.employer LIKE 'agency:%'))
       AND (hand.is_actor OR hand.capacity = 'lead' AND act.actor LIKE 'system:%')
       AND coalesce(employer.employer, hand.person) LIKE 'agency:%'
       AND act.type <> 'coi.declare' AND act.type NOT LIKE 'recusal.%'
     ORDER BY act.position, hand.is_actor DESC, hand.person
)
SELECT done.project,
       done.position::text AS key,
       CASE WHEN agreement.grade = 1 THEN 'PASS'
            WHEN agreement.grade = 2 THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       done.position AS judged,
       ARRAY[done.person] AS persons,
       done.time AS since,
       CASE WHEN coalesce(agreement.grade, 3) > 2 THEN later.time END AS cured,
       ARRAY[done.position, agreement.position, later.position] AS evidence,
       jsonb_build_object('agency', done.agency, 'act_zh', act_name.zh, 'act_en', act_name.en, 'acted', done.day,
                          'signed', coalesce(agreement.day, later.day), 'until', agreement.until,
                          'unknown', CASE WHEN agreement.grade = 2 THEN 'agency.sign agency' END) AS computed
  FROM done
  JOIN act_name ON act_name.type = done.type
  LEFT JOIN LATERAL (
       SELECT act.position, act.day, projector.as_day(act.data ->> 'valid_until') AS until,
              CASE WHEN act.data ->> 'agency' IS NULL THEN 2
                   WHEN projector.as_start(act.data ->> 'valid_from') > done.time
                        OR projector.as_end(act.data ->> 'valid_until') <= done.time THEN 3
                   ELSE 1 END AS grade
         FROM act
        WHERE act.type = 'agency.sign' AND act.project = done.project AND act.stands AND act.time <= done.time
          AND coalesce(act.data ->> 'agency', done.agency) = done.agency
        ORDER BY grade, act.time DESC
        LIMIT 1) AS agreement ON true
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'agency.sign' AND act.project = done.project AND act.stands AND act.time > done.time
          AND act.data ->> 'agency' = done.agency
        ORDER BY act.time
        LIMIT 1) AS later ON coalesce(agreement.grade, 3) > 2
