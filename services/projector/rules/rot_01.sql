-- id = "ROT-01"
-- title = {zh = "关键岗位超期未轮岗", en = "Not rotated within the cycle"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = "财会〔2012〕21号 §15; 财库〔2016〕99号 三(二)4"
-- confidence = "C"
-- policies = ["rot.cycle_key", "rot.cycle_other"]
-- inputs = ["post.define", "post.assign", "post.relieve", "rotation.audit"]
-- on = "unit"
-- since = 2014-01-01
-- says.zh = "{post} 自 {began} 起由同一人连续任职，轮岗周期 {years} 年，应于 {due} 前轮岗或以专项审计替代，实际离岗：{ended}，专项审计：{audited}"
-- says.en = "The same person has been in {post} since {began}; the cycle is {years} years, so a rotation, or a special audit in its place, was due by {due}; left: {ended}; audited: {audited}"

-- Which posts: those that the unit calls key, and every other with duties in procurement. Whoever heads a unit is moved by
-- those above it, so that post counts only where the unit calls it key. A special audit takes the place of the rotation;
-- from then on ROT-02 asks for the next. Without a word on `key_post` either cycle may hold.
SELECT tenure.unit,
       tenure.position::text AS key,
       CASE WHEN term.latest IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(relief.day, moment.today) <= term.soonest THEN 'PASS'
            WHEN coalesce(relief.day, moment.today) > term.latest THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       tenure.position AS judged,
       CASE WHEN term.latest IS NULL THEN tenure.starts
            WHEN coalesce(relief.day, moment.today) > term.latest
            THEN greatest(projector.day_starts(term.latest + 1), cycle.starts)
            ELSE greatest(projector.day_starts(term.soonest + 1), cycle.starts) END AS since,
       relief.time AS cured,
       CASE WHEN relief.day IS NULL THEN term.latest END AS due,
       ARRAY[tenure.person] AS persons,
       ARRAY[tenure.position, audit.position] AS evidence,
       jsonb_build_object('post', tenure.post, 'began', projector.local_day(tenure.starts), 'years', cycle.most,
                          'due', term.latest, 'ended', relief.ended, 'audited', audit.day,
                          'unknown', CASE WHEN tenure.key_post IS NULL THEN 'post.define key_post'
                                          WHEN term.latest IS NULL AND tenure.key_post THEN 'rot.cycle_key'
                                          WHEN term.latest IS NULL THEN 'rot.cycle_other' END) AS computed
  FROM tenure
 CROSS JOIN moment
 CROSS JOIN LATERAL (SELECT least(tenure.ends, moment.as_of) AS time) AS last
  LEFT JOIN policy AS key ON key.key = 'rot.cycle_key' AND key.unit = tenure.unit
                         AND last.time >= key.starts AND last.time < key.ends
  LEFT JOIN policy AS other ON other.key = 'rot.cycle_other' AND other.unit = tenure.unit
                           AND last.time >= other.starts AND last.time < other.ends
 CROSS JOIN LATERAL (
       SELECT CASE tenure.key_post WHEN true THEN key.number WHEN false THEN other.number
                                   ELSE least(key.number, other.number) END AS least,
              CASE tenure.key_post WHEN true THEN key.number WHEN false THEN other.number
                                   ELSE greatest(key.number, other.number) END AS most,
              CASE tenure.key_post WHEN true THEN key.starts ELSE other.starts END AS starts) AS cycle
 CROSS JOIN LATERAL (
       SELECT projector.due_day(projector.local_day(tenure.starts), cycle.least::integer, 'year', false) AS soonest,
              projector.due_day(projector.local_day(tenure.starts), cycle.most::integer, 'year', false) AS latest) AS term
  LEFT JOIN LATERAL (
       SELECT unit_act.position, unit_act.day, unit_act.time
         FROM unit_act
        WHERE unit_act.type = 'rotation.audit' AND unit_act.time >= tenure.starts
          AND coalesce(unit_act.person, tenure.person) = tenure.person
          AND coalesce(unit_act.post, tenure.post) = tenure.post
          AND (unit_act.person IS NOT NULL OR unit_act.post IS NOT NULL)
        ORDER BY unit_act.time, unit_act.position
        LIMIT 1) AS audit ON true
 CROSS JOIN LATERAL (
       SELECT CASE WHEN tenure.ends <= moment.as_of THEN tenure.ends END AS time,
              CASE WHEN tenure.ends <= moment.as_of
                   THEN projector.local_day(tenure.ends - interval '1 microsecond') END AS day) AS leaving
 CROSS JOIN LATERAL (
       SELECT leaving.day AS ended, least(leaving.day, audit.day) AS day, least(leaving.time, audit.time) AS time) AS relief
 WHERE tenure.key_post
    OR tenure.designation IS DISTINCT FROM 'head'
       AND (cardinality(tenure.acts) > 0 OR tenure.designation IN ('lead_department', 'procurement_officer'))
