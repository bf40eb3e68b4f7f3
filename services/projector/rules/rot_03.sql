-- id = "ROT-03"
-- title = {zh = "离岗审查缺失或逾期", en = "No review on leaving a key post"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = "财库〔2016〕99号 三(二)4"
-- confidence = "C"
-- policies = ["rot.exit_review"]
-- inputs = ["post.define", "post.relieve", "exit.review"]
-- on = "unit"
-- since = 2016-06-29
-- says.zh = "{post} 的任职者于 {ended} 离岗，应在 {days} 日内（{due} 前）进行离岗审查，实际审查：{reviewed}"
-- says.en = "The holder of {post} left it on {ended}; a review was due within {days} days, by {due}; reviewed: {reviewed}"

-- Key posts only. A review made before the last day, of this holder in this post, will do.
SELECT tenure.unit,
       tenure.position::text AS key,
       CASE WHEN term.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(review.day, moment.today) <= term.due THEN 'PASS'
            WHEN tenure.key_post THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       tenure.position AS judged,
       coalesce(projector.day_starts(term.due + 1), tenure.ends) AS since,
       review.time AS cured,
       CASE WHEN review.day IS NULL THEN term.due END AS due,
       ARRAY[tenure.person] AS persons,
       ARRAY[tenure.position, review.position] AS evidence,
       jsonb_build_object('post', tenure.post, 'ended', leaving.day, 'days', policy.number, 'due', term.due,
                          'reviewed', review.day,
                          'unknown', CASE WHEN term.due IS NULL THEN 'rot.exit_review'
                                          WHEN tenure.key_post IS NULL THEN 'post.define key_post' END) AS computed
  FROM tenure
  JOIN moment ON tenure.ends <= moment.as_of
 CROSS JOIN LATERAL (SELECT projector.local_day(tenure.ends - interval '1 microsecond') AS day) AS leaving
  LEFT JOIN policy ON policy.key = 'rot.exit_review' AND policy.unit = tenure.unit
                  AND tenure.ends >= policy.starts AND tenure.ends < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.due_day(leaving.day, policy.number::integer, policy.measure, policy.rolls) AS due) AS term
  LEFT JOIN LATERAL (
       SELECT unit_act.position, unit_act.day, unit_act.time
         FROM unit_act
        WHERE unit_act.type = 'exit.review' AND unit_act.time >= tenure.starts
          AND coalesce(unit_act.person, tenure.person) = tenure.person
          AND coalesce(unit_act.post, tenure.post) = tenure.post
          AND (unit_act.person IS NOT NULL OR unit_act.post IS NOT NULL)
        ORDER BY unit_act.time, unit_act.position
        LIMIT 1) AS review ON true
 WHERE tenure.key_post IS NOT false
