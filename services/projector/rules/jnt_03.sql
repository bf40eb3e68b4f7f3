-- id = "JNT-03"
-- title = {zh = "合同签订未由两人以上共同办理", en = "Contract not signed by two"}
-- severity = "MEDIUM"
-- force = "GUIDE"
-- citation = "财库〔2016〕99号 三(二)3"
-- confidence = "B"
-- policies = ["jnt.contract"]
-- inputs = ["contract.sign", "contract.amend"]
-- since = 2016-06-29
-- says.zh = "合同 {object} 于 {done} 签订，应由 {needed} 人以上共同办理并明确主要负责人，实际签字办理 {people} 人，主要负责人 {leads} 人"
-- says.en = "Contract {object} was signed on {done}; it takes at least {needed} people together and one named as leading; {people} took part and signed, {leads} of them leading"

-- Jointly is what different people did and signed. An organisation acting through nobody named may have sent anybody: then
-- their number is unknown. A system only recorded what the people named did.
SELECT act.project,
       act.position::text AS key,
       CASE WHEN policy.number IS NULL THEN 'UNDETERMINED'
            WHEN present.people >= policy.number AND present.leads > 0 THEN 'PASS'
            WHEN act.erased OR present.unnamed OR present.listed = 0 THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position] AS evidence,
       jsonb_build_object('done', act.day, 'object', coalesce(act.object, act.type), 'needed', policy.number,
                          'people', present.people, 'leads', present.leads,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'jnt.contract'
                                          WHEN act.erased OR present.unnamed OR present.listed = 0
                                          THEN act.type || ' participants' END) AS computed
  FROM act
  LEFT JOIN policy ON policy.key = 'jnt.contract' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.signed) AS people,
              count(DISTINCT hand.person) FILTER (WHERE hand.human AND hand.capacity = 'lead') AS leads,
              count(*) FILTER (WHERE hand.human) AS listed,
              coalesce(bool_or(NOT hand.human AND hand.actor NOT LIKE 'system:%'), false) AS unnamed
         FROM hand
        WHERE hand.position = act.position AND hand.counts AND hand.role = act.duty) AS present
 WHERE act.type IN ('contract.sign', 'contract.amend')
   AND act.stands
