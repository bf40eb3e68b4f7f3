-- id = "DIS-06"
-- title = {zh = "公共服务验收结果未公告", en = "Acceptance of a public service not published"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §45"
-- confidence = "A"
-- inputs = ["project.open", "accept.perform", "accept.publish", "project.close", "file.archive"]
-- since = 2015-03-01
-- says.zh = "公共服务项目的验收 {name}（{accepted}）应当向社会公告验收结果，项目于 {closed} 终结，公告：{published}"
-- says.en = "The result of acceptance {name} ({accepted}) of a public service was to be published; the project closed on {closed}; published: {published}"

-- The text sets no day: it is missing once the project is closed. That the users take part is JNT-08.
SELECT accepted.project,
       accepted.position::text AS key,
       CASE WHEN published.time <= project.closed OR project.closed > moment.as_of THEN 'PASS' ELSE 'FAIL' END AS result,
       coalesce(published.position, accepted.position) AS judged,
       least(project.closed, moment.as_of) AS since,
       published.time AS cured,
       ARRAY[project.position, accepted.position, published.position, project.closing] AS evidence,
       jsonb_build_object('name', accepted.object, 'accepted', accepted.day,
                          'closed', CASE WHEN project.closed < 'infinity' THEN projector.local_day(project.closed) END,
                          'published', published.day) AS computed
  FROM project
 CROSS JOIN moment
  JOIN act AS accepted ON accepted.type = 'accept.perform' AND accepted.project = project.project AND accepted.stands
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'accept.publish' AND act.project = accepted.project AND act.stands
          AND coalesce(act.object = accepted.object, true) AND act.time >= accepted.time
        ORDER BY act.time
        LIMIT 1) AS published ON true
 WHERE project.public_service
