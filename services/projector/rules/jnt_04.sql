-- id = "JNT-04"
-- title = {zh = "履约验收未由两人以上共同办理或成员未签字", en = "Acceptance not performed by two, or not signed by all"}
-- severity = "HIGH"
-- force = "GUIDE"
-- citation = "财库〔2016〕99号 三(二)3; 政府采购法 §41"
-- confidence = "B"
-- policies = ["jnt.acceptance"]
-- inputs = ["accept.perform"]
-- since = 2016-06-29
-- says.zh = "履约验收 {object} 于 {done} 进行，应由 {needed} 人以上共同办理、明确主要负责人并由全体成员签字，实际签字办理 {people} 人，主要负责人 {leads} 人，未签字 {unsigned} 人"
-- says.en = "Acceptance {object} took place on {done}; it takes at least {needed} people together, one named as leading, and the signature of all; {people} took part and signed, {leads} leading; {unsigned} did not sign"

-- Jointly is what different people did and signed. An organisation acting through nobody named may have sent anybody: then
-- their number is unknown. A system only recorded what the people named did.
SELECT act.project,
       act.position::text AS key,
       CASE WHEN policy.number IS NULL THEN 'UNDETERMINED'
            WHEN present.people >= policy.number AND present.leads > 0 AND present.unsigned = 0 THEN 'PASS'
            WHEN present.unsigned > 0 THEN 'FAIL'
            WHEN act.erased OR present.unnamed OR present.listed = 0 THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position] AS evidence,
       jsonb_build_object('done', act.day, 'object', coalesce(act.object, act.type), 'needed', policy.number,
                          'people', present.people, 'leads', present.leads, 'unsigned', present.unsigned,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'jnt.acceptance'
                                          WHEN act.erased OR present.unnamed OR present.listed = 0
                                          THEN act.type || ' participants' END) AS computed
  FROM act
  LEFT JOIN policy ON policy.key = 'jnt.acceptance' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.signed) AS people,
              count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.capacity = 'lead') AS leads,
              count(DISTINCT hand.person) FILTER (WHERE hand.human AND NOT hand.signed) AS unsigned,
              count(*) FILTER (WHERE hand.human) AS listed,
              coalesce(bool_or(NOT hand.human AND hand.actor NOT LIKE 'system:%'), false) AS unnamed
         FROM hand
        WHERE hand.position = act.position AND hand.counts AND hand.role = act.duty) AS present
 WHERE act.type = 'accept.perform'
