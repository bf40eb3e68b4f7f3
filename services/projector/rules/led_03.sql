-- id = "LED-03"
-- title = {zh = "更正未引用原记录", en = "Correction without reference"}
-- severity = "HIGH"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = ["act.correct"]
-- says.zh = "{corrected} 的更正未注明所更正的原记录"
-- says.en = "The correction of {corrected} does not say which record it corrects"

SELECT act.project,
       act.position::text AS key,
       CASE WHEN act.erased THEN 'UNDETERMINED'
            WHEN act.data -> 'corrects' ->> 'id' IS NOT NULL THEN 'PASS'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position] AS evidence,
       jsonb_build_object('corrected', act.day,
                          'unknown', CASE WHEN act.erased THEN 'act.correct corrects' END) AS computed
  FROM act
 WHERE act.type = 'act.correct'
