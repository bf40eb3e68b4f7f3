-- id = "CHN-03"
-- title = {zh = "应重点审查未重点审查", en = "In-depth review missing"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §11, §31, §33"
-- confidence = "A"
-- policies = ["xq.goods", "xq.services", "xq.works", "xq.in_depth_heads"]
-- since = 2021-07-01
-- inputs = ["req.review", "notice.publish", "single.publicise", "award.decide", "contract.sign"]
-- says.zh = "项目（预算 {amount:money} 元）应当重点审查，采购活动于 {began} 开始；此前通过的重点审查：{reviewed}，未审查的内容：{missing}"
-- says.en = "The project (budget {amount:money} yuan) calls for an in-depth review, and its purchase began on {began}; in-depth review passed before: {reviewed}; heads it lacks: {missing}"

WITH began AS (
    -- Projects of article 11: from the amount on (it counts itself), or for the public, or complex. A flag nobody set
    -- is not set. Without a budget, the amount that the act itself states.
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.day, act.amount
      FROM act
     WHERE act.type IN ('notice.publish', 'single.publicise', 'eval.perform', 'award.decide', 'contract.sign')
       AND act.stands
     ORDER BY act.project, act.time, act.known_from, act.position
), demanding AS (
    SELECT began.*, coalesce(budget.total, began.amount) AS amount_of,
           CASE WHEN project.public_service OR project.complex THEN true
                WHEN coalesce(budget.total, began.amount) >= floor.high THEN true
                WHEN coalesce(budget.total, began.amount) < floor.low AND NOT opening.erased THEN false END AS due
      FROM began
      JOIN project ON project.project = began.project
      LEFT JOIN act AS opening ON opening.position = project.position
      LEFT JOIN budget ON budget.project = began.project AND began.time >= budget.starts AND began.time < budget.ends
     CROSS JOIN LATERAL (
           SELECT min(policy.number) AS low, max(policy.number) AS high
             FROM policy
            WHERE policy.key = ANY (CASE WHEN project.kind IN ('goods', 'services', 'works')
                                         THEN ARRAY['xq.' || project.kind]
                                         ELSE ARRAY['xq.goods', 'xq.services', 'xq.works'] END)
              AND policy.unit = project.unit AND began.time >= policy.starts AND began.time < policy.ends) AS floor
     WHERE floor.low IS NOT NULL
), review AS (
    SELECT demanding.project, review.position, review.time, review.day, review.time <= demanding.time AS before,
           lacking.heads,
           CASE WHEN review.erased OR review.data ->> 'kind' IS NULL OR lacking.listed = 0 THEN 'unknown'
                WHEN lacking.heads IS NULL THEN 'good'
                ELSE 'partial' END AS grade
      FROM demanding
      JOIN project ON project.project = demanding.project
      JOIN act AS review ON review.project = demanding.project AND review.type = 'req.review' AND review.stands
      LEFT JOIN policy ON policy.key = 'xq.in_depth_heads' AND policy.unit = project.unit
                      AND review.time >= policy.starts AND review.time < policy.ends
     CROSS JOIN LATERAL (
           SELECT array_agg(head.name ORDER BY head.name) FILTER (WHERE NOT coalesce(head.passed, false)) AS heads,
                  max(head.listed) AS listed
             FROM (SELECT wanted.name, count(item.value) AS listed,
                          bool_or(item.value ->> 'name' = wanted.name
                                  AND coalesce(item.value ->> 'result', 'pass') = 'pass') AS passed
                     FROM unnest(policy.list) AS wanted (name)
                     LEFT JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(review.data -> 'items')
                          WHEN 'array' THEN review.data -> 'items' ELSE '[]' END) AS item (value) ON true
                    GROUP BY wanted.name) AS head) AS lacking
     WHERE coalesce(review.data ->> 'kind', 'in_depth') = 'in_depth'
)
SELECT demanding.project,
       'in_depth' AS key,
       CASE WHEN best.grade = 'good' THEN 'PASS'
            WHEN demanding.due IS NULL OR best.grade = 'unknown' THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       demanding.position AS judged,
       demanding.time AS since,
       CASE WHEN best.grade IS DISTINCT FROM 'good' THEN later.time END AS cured,
       ARRAY[demanding.position, best.position, later.position] AS evidence,
       jsonb_build_object('amount', demanding.amount_of, 'began', demanding.day, 'reviewed', best.day,
                          'missing', to_jsonb(best.heads),
                          'unknown', CASE WHEN best.grade = 'unknown' THEN 'req.review kind or items'
                                          WHEN demanding.due IS NULL THEN 'amount, kind or flags of the project' END)
           AS computed
  FROM demanding
  LEFT JOIN course ON course.project = demanding.project
                  AND demanding.time >= course.starts AND demanding.time < course.ends
  LEFT JOIN LATERAL (
       SELECT review.position, review.day, review.heads, review.grade
         FROM review
        WHERE review.project = demanding.project AND review.before
        ORDER BY array_position(ARRAY['good', 'unknown', 'partial'], review.grade), review.time DESC
        LIMIT 1) AS best ON true
  LEFT JOIN LATERAL (
       SELECT review.position, review.time
         FROM review
        WHERE review.project = demanding.project AND NOT review.before AND review.grade = 'good'
        ORDER BY review.time
        LIMIT 1) AS later ON true
 WHERE demanding.due IS NOT false
   AND NOT 'req.review' = ANY (coalesce(course.skips, '{}'))
