-- id = "ROT-02"
-- title = {zh = "替代轮岗的专项审计中断", en = "Special audit in place of rotation not repeated"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = "财会〔2012〕21号 §15; 财库〔2016〕99号 三(二)4"
-- confidence = "C"
-- policies = ["rot.cycle_key", "rot.cycle_other"]
-- inputs = ["post.define", "post.assign", "post.relieve", "rotation.audit"]
-- on = "unit"
-- since = 2014-01-01
-- says.zh = "{post} 未轮岗而以专项审计替代，上次审计 {audited}，每 {years} 年至少一次，应于 {due} 前再次审计或轮岗，实际审计：{repeated}，离岗：{ended}"
-- says.en = "Special audits stand in for rotation in {post}; the last was on {audited} and one is due every {years} years: by {due} another, or the rotation, was due; audited: {repeated}; left: {ended}"

-- A unit that audits says that it cannot rotate: then an audit at least once in every cycle, counted from the one before.
-- That the first came too late is ROT-01. The period is named by the audit that opens it, in the tenure it is about.
WITH audited AS (
    SELECT tenure.unit, tenure.post, tenure.person, tenure.key_post, tenure.position AS begun, tenure.ends,
           unit_act.position, unit_act.day, unit_act.time, lead(unit_act.position) OVER later AS again,
           lead(unit_act.day) OVER later AS again_day, lead(unit_act.time) OVER later AS again_time
      FROM tenure
      JOIN unit_act ON unit_act.type = 'rotation.audit' AND unit_act.time >= tenure.starts AND unit_act.time < tenure.ends
                   AND coalesce(unit_act.person, tenure.person) = tenure.person
                   AND coalesce(unit_act.post, tenure.post) = tenure.post
                   AND (unit_act.person IS NOT NULL OR unit_act.post IS NOT NULL)
    WINDOW later AS (PARTITION BY tenure.position, tenure.person ORDER BY unit_act.time, unit_act.position)
)
SELECT audited.unit,
       audited.begun || ' ' || audited.position AS key,
       CASE WHEN term.latest IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(relief.day, moment.today) <= term.soonest THEN 'PASS'
            WHEN coalesce(relief.day, moment.today) > term.latest THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       audited.position AS judged,
       coalesce(projector.day_starts(CASE WHEN coalesce(relief.day, moment.today) > term.latest THEN term.latest
                                          ELSE term.soonest END + 1), audited.time) AS since,
       relief.time AS cured,
       CASE WHEN relief.day IS NULL THEN term.latest END AS due,
       ARRAY[audited.person] AS persons,
       ARRAY[audited.begun, audited.position, audited.again] AS evidence,
       jsonb_build_object('post', audited.post, 'audited', audited.day, 'years', cycle.most, 'due', term.latest,
                          'repeated', audited.again_day, 'ended', relief.ended,
                          'unknown', CASE WHEN audited.key_post IS NULL THEN 'post.define key_post'
                                          WHEN term.latest IS NULL AND audited.key_post THEN 'rot.cycle_key'
                                          WHEN term.latest IS NULL THEN 'rot.cycle_other' END) AS computed
  FROM audited
 CROSS JOIN moment
  LEFT JOIN policy AS key ON key.key = 'rot.cycle_key' AND key.unit = audited.unit
                         AND audited.time >= key.starts AND audited.time < key.ends
  LEFT JOIN policy AS other ON other.key = 'rot.cycle_other' AND other.unit = audited.unit
                           AND audited.time >= other.starts AND audited.time < other.ends
 CROSS JOIN LATERAL (
       SELECT CASE audited.key_post WHEN true THEN key.number WHEN false THEN other.number
                                    ELSE least(key.number, other.number) END AS least,
              CASE audited.key_post WHEN true THEN key.number WHEN false THEN other.number
                                    ELSE greatest(key.number, other.number) END AS most) AS cycle
 CROSS JOIN LATERAL (
       SELECT projector.due_day(audited.day, cycle.least::integer, 'year', false) AS soonest,
              projector.due_day(audited.day, cycle.most::integer, 'year', false) AS latest) AS term
 CROSS JOIN LATERAL (
       SELECT CASE WHEN audited.ends <= moment.as_of THEN audited.ends END AS time,
              CASE WHEN audited.ends <= moment.as_of
                   THEN projector.local_day(audited.ends - interval '1 microsecond') END AS day) AS leaving
 CROSS JOIN LATERAL (
       SELECT leaving.day AS ended, least(leaving.day, audited.again_day) AS day,
              least(leaving.time, audited.again_time) AS time) AS relief
