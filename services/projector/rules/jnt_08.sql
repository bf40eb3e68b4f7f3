-- id = "JNT-08"
-- title = {zh = "公共服务验收未邀请服务对象参加", en = "Public service accepted without its users"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §45"
-- confidence = "A"
-- inputs = ["project.open", "accept.perform"]
-- since = 2015-03-01
-- says.zh = "公共服务项目的验收 {object} 于 {done} 进行，应邀请服务对象参加，实际参加验收 {people} 人，其中服务对象 {users} 人"
-- says.en = "Acceptance {object} of a service to the public took place on {done} and must include its users; {people} people took part, {users} of them users"

SELECT act.project,
       act.position::text AS key,
       CASE WHEN present.users > 0 THEN 'PASS'
            WHEN act.erased OR present.unknown > 0 OR NOT present.listed THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position, project.position] AS evidence,
       jsonb_build_object('done', act.day, 'object', coalesce(act.object, act.type), 'people', present.people,
                          'users', present.users,
                          'unknown', CASE WHEN present.users = 0 AND NOT present.listed THEN 'accept.perform participants'
                                          WHEN present.users = 0 AND present.unknown > 0
                                          THEN 'accept.perform participants function' END) AS computed
  FROM act
  JOIN project ON project.project = act.project
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT hand.person) AS people,
              count(DISTINCT hand.person) FILTER (WHERE hand.function = 'user') AS users,
              count(DISTINCT hand.person) FILTER (WHERE hand.function IS NULL) AS unknown,
              jsonb_typeof(act.data -> 'participants') IS NOT DISTINCT FROM 'array' AS listed
         FROM hand
        WHERE hand.position = act.position AND hand.human AND hand.counts) AS present
 WHERE act.type = 'accept.perform'
   AND project.public_service
