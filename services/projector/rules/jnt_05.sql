-- id = "JNT-05"
-- title = {zh = "需求审查成员不齐", en = "Requirement review without all functions"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §32"
-- confidence = "A"
-- policies = ["jnt.review_members", "jnt.review_functions"]
-- inputs = ["req.review"]
-- since = 2021-07-01
-- says.zh = "需求审查 {object} 于 {done} 进行，应由不少于 {needed} 人组成并包括 {functions}，实际参加 {people} 人，缺少 {missing}"
-- says.en = "The requirement review {object} of {done} takes at least {needed} people and the functions {functions}; {people} took part; missing: {missing}"

-- Whoever sits on the review without a known function may be what is missing; more are missing than that many can be.
SELECT act.project,
       act.position::text AS key,
       CASE WHEN members.number IS NULL OR functions.list IS NULL THEN 'UNDETERMINED'
            WHEN present.people >= members.number AND cardinality(absent.functions) = 0 THEN 'PASS'
            WHEN act.erased OR present.unnamed OR NOT present.listed THEN 'UNDETERMINED'
            WHEN present.people < members.number OR cardinality(absent.functions) > present.unknown THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position] AS evidence,
       jsonb_build_object('done', act.day, 'object', coalesce(act.object, act.type), 'needed', members.number,
                          'functions', functions.list, 'people', present.people, 'missing', absent.functions,
                          'unknown', CASE WHEN members.number IS NULL THEN 'jnt.review_members'
                                          WHEN functions.list IS NULL THEN 'jnt.review_functions'
                                          WHEN act.erased OR present.unnamed OR NOT present.listed
                                          THEN 'req.review participants'
                                          WHEN cardinality(absent.functions) BETWEEN 1 AND present.unknown
                                          THEN 'req.review participants function' END) AS computed
  FROM act
  LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
  LEFT JOIN policy AS members ON members.key = 'jnt.review_members' AND members.unit = act.unit
                             AND act.time >= members.starts AND act.time < members.ends
  LEFT JOIN policy AS functions ON functions.key = 'jnt.review_functions' AND functions.unit = act.unit
                               AND act.time >= functions.starts AND act.time < functions.ends
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.signed) AS people,
              count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.function IS NULL) AS unknown,
              coalesce(array_agg(DISTINCT hand.function) FILTER (WHERE hand.human AND hand.signed), '{}') AS functions,
              coalesce(bool_or(NOT hand.human AND hand.actor NOT LIKE 'system:%'), false) AS unnamed,
              jsonb_typeof(act.data -> 'participants') IS NOT DISTINCT FROM 'array' AS listed
         FROM hand
        WHERE hand.position = act.position AND hand.counts) AS present
 CROSS JOIN LATERAL (
       SELECT ARRAY(SELECT unnest(functions.list) EXCEPT SELECT unnest(present.functions) ORDER BY 1) AS functions) AS absent
 WHERE act.type = 'req.review'
   AND NOT 'req.review' = ANY (coalesce(course.skips, '{}'))
