-- id = "CHN-15"
-- title = {zh = "评审组成不合规", en = "Composition of the evaluation committee"}
-- severity = "CRITICAL"
-- force = "RULE"
-- citation = "财政部令87号 §47; 财政部令74号 §7; 政府采购法 §38, §40; 政府采购法实施条例 §39"
-- confidence = "B"
-- policies = ["eval.members.tender", "eval.members.large", "eval.large_amount", "eval.members.other", "eval.members.other_large", "eval.expert_share", "method.open_tender.goods", "method.open_tender.services", "method.open_tender.works"]
-- inputs = ["eval.perform"]
-- says.zh = "{acted} 评审（{method}）的评审成员 {members} 人，应为不少于 {needed} 人的单数；外部专家 {experts} 人，应不少于 {share_of} 分之 {share}；专家随机抽取：{drawn}"
-- says.en = "The evaluation of {acted} (by {method}) had {members} members, where an odd number of at least {needed} is required; outside experts: {experts}, where at least {share} of {share_of} is required; drawn by lot: {drawn}"

WITH sitting AS (
    -- Who exercises the role of evaluator, each person once. Experts are as many as the act says and the list bears
    -- out; who has no function may be one. Where a project is complex the supervising unit may consent to experts who
    -- are chosen and not drawn (财库〔2016〕198号). Negotiating with a single source is JNT-02.
    SELECT act.project, act.position, act.time, act.day, project.kind, project.complex, course.method,
           course.method IN ('open_tender', 'invited_tender') AS tender, budget.total AS budgeted, value.*,
           coalesce(opening.erased, true) AS untold, rate.*,
           CASE WHEN act.data -> 'participants' -> 0 IS NOT NULL THEN people.members END AS members,
           CASE WHEN told.experts IS NULL THEN people.experts
                ELSE least(told.experts, people.experts + people.open) END AS few,
           CASE WHEN told.experts IS NULL THEN people.experts + people.open
                ELSE least(told.experts, people.experts + people.open) END AS many,
           coalesce(projector.as_yes(act.data ->> 'drawn'), CASE WHEN draw.position IS NOT NULL THEN true END) AS drawn,
           draw.position AS draw
      FROM act
      JOIN project ON project.project = act.project
      LEFT JOIN act AS opening ON opening.position = project.position
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
      LEFT JOIN budget ON budget.project = act.project AND act.time >= budget.starts AND act.time < budget.ends
     CROSS JOIN LATERAL (
           SELECT max(policy.number) FILTER (WHERE policy.key = 'eval.members.tender') AS usual,
                  max(policy.number) FILTER (WHERE policy.key = 'eval.members.large') AS large,
                  max(policy.number) FILTER (WHERE policy.key = 'eval.large_amount') AS large_amount,
                  max(policy.number) FILTER (WHERE policy.key = 'eval.members.other') AS other,
                  max(policy.number) FILTER (WHERE policy.key = 'eval.members.other_large') AS other_large,
                  max(policy.number) FILTER (WHERE policy.key = 'method.open_tender.' || project.kind) AS threshold
             FROM policy
            WHERE policy.key IN ('eval.members.tender', 'eval.members.large', 'eval.large_amount', 'eval.members.other',
                                 'eval.members.other_large', 'method.open_tender.' || project.kind)
              AND policy.unit = project.unit AND act.time >= policy.starts AND act.time < policy.ends) AS value
      LEFT JOIN LATERAL (
           SELECT projector.as_number(policy.value ->> 0) AS share, projector.as_number(policy.value ->> 1) AS share_of
             FROM policy
            WHERE policy.key = 'eval.expert_share' AND policy.unit = project.unit
              AND act.time >= policy.starts AND act.time < policy.ends) AS rate ON true
     CROSS JOIN LATERAL (
           SELECT count(DISTINCT hand.person) AS members,
                  count(DISTINCT hand.person) FILTER (WHERE hand.function = 'expert') AS experts,
                  count(DISTINCT hand.person) FILTER (WHERE hand.function IS NULL) AS open
             FROM hand
            WHERE hand.position = act.position AND hand.role = act.duty AND hand.counts AND hand.human) AS people
     CROSS JOIN LATERAL (SELECT projector.as_number(act.data ->> 'experts') AS experts) AS told
      LEFT JOIN LATERAL (
           SELECT draw.position
             FROM act AS draw
            WHERE draw.type = 'expert.draw' AND draw.project = act.project AND draw.stands AND draw.time <= act.time
            ORDER BY draw.time DESC
            LIMIT 1) AS draw ON true
     WHERE act.type = 'eval.perform' AND act.stands
       AND coalesce(course.method, '') <> 'single_source'
       AND NOT 'eval.perform' = ANY (coalesce(course.skips, '{}'))
), measured AS (
    SELECT sitting.*,
           CASE WHEN NOT tender THEN CASE WHEN budgeted >= threshold THEN other_large ELSE other END
                WHEN tender THEN CASE WHEN complex OR budgeted >= large_amount THEN large ELSE usual END
                ELSE other END AS needed,
           CASE WHEN NOT tender THEN CASE WHEN budgeted < threshold THEN other ELSE other_large END
                WHEN budgeted < large_amount AND complex IS NOT true AND NOT untold THEN usual
                ELSE large END AS at_most
      FROM sitting
)
SELECT measured.project,
       measured.position::text AS key,
       CASE WHEN members < needed OR members % 2 = 0 OR many * share_of < members * share
                 OR NOT drawn AND complex IS NOT true THEN 'FAIL'
            WHEN members >= at_most AND few * share_of >= members * share AND drawn THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       measured.position AS judged,
       measured.time AS since,
       ARRAY[measured.position, measured.draw] AS evidence,
       jsonb_build_object('acted', measured.day, 'method', measured.method, 'members', members, 'needed', needed,
                          'experts', few, 'share', share, 'share_of', share_of, 'drawn', drawn,
                          'unknown', CASE WHEN members IS NULL THEN 'eval.perform participants'
                                          WHEN method IS NULL THEN 'project.open method'
                                          WHEN (members >= at_most) IS NOT true AND budgeted IS NULL
                                          THEN 'budget.approve amount'
                                          WHEN (members >= at_most) IS NOT true AND NOT tender AND threshold IS NULL
                                          THEN coalesce('method.open_tender.' || kind, 'project.open kind')
                                          WHEN (members >= at_most) IS NOT true THEN 'project.open complex'
                                          WHEN (few * share_of >= members * share) IS NOT true
                                          THEN 'eval.perform experts'
                                          WHEN drawn IS NULL THEN 'eval.perform drawn'
                                          WHEN NOT drawn THEN 'consent to choosing the experts' END) AS computed
  FROM measured
