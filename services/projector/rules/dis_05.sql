-- id = "DIS-05"
-- title = {zh = "单一来源未公示或公示不足5个工作日", en = "Single source not publicised, or too briefly"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §38"
-- confidence = "A"
-- policies = ["dis.single", "method.open_tender.goods", "method.open_tender.services", "method.open_tender.works"]
-- inputs = ["single.publicise", "eval.perform", "award.decide", "contract.sign", "budget.approve", "plan.approve"]
-- since = 2015-03-01
-- says.zh = "单一来源采购预算 {amount:money} 元，达到公开招标数额标准 {threshold:money} 元，应公示至少 {number} 个工作日；公示于 {published}，公示期至 {until}，采购于 {bought} 开始"
-- says.en = "{amount:money} yuan from a single source reaches the threshold of open tender, {threshold:money} yuan, and had to be publicised for {number} working days; publicised on {published}, until {until}, bought from {bought} on"

-- Only §31(1) of the law, one supplier alone, asks for it: urgency and additional purchases do not. The publicity ends on
-- the day it states, or with the first act of buying if that comes first.
WITH bought AS (
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.day
      FROM act
      JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
     WHERE act.type IN ('eval.perform', 'award.decide', 'contract.sign') AND course.method = 'single_source'
     ORDER BY act.project, act.time, act.position
), told AS (
    SELECT act.project, act.position, act.time, act.day, bought.time AS bought,
           projector.as_day(act.data ->> 'until') AS until,
           least(projector.as_day(act.data ->> 'until'), bought.day) AS ends,
           projector.due_day(act.day, policy.number::integer, policy.measure, policy.rolls) AS earliest
      FROM act
      LEFT JOIN bought ON bought.project = act.project
      LEFT JOIN policy ON policy.key = 'dis.single' AND policy.unit = act.unit
                      AND act.time >= policy.starts AND act.time < policy.ends
     WHERE act.type = 'single.publicise' AND act.stands
), summed AS (
    SELECT told.project,
           bool_or(told.ends >= told.earliest AND told.until IS NOT NULL AND coalesce(told.time < told.bought, true))
               AS enough,
           bool_or(told.ends IS NULL OR told.earliest IS NULL OR told.ends >= told.earliest AND told.until IS NULL)
               AS unknown,
           min(told.time) FILTER (WHERE told.time >= told.bought AND told.until >= told.earliest) AS cured,
           (array_agg(told.position ORDER BY told.time))[1] AS position, min(told.time) AS time, min(told.day) AS day,
           (array_agg(told.until ORDER BY told.time))[1] AS until, array_agg(told.position) AS evidence
      FROM told
     GROUP BY told.project
)
SELECT act.project,
       'single_source' AS key,
       CASE WHEN summed.enough THEN 'PASS'
            WHEN unsaid.name IS NOT NULL THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       act.position AS judged,
       act.time AS since,
       summed.cured,
       ARRAY[act.position, course.position, budget.position] || summed.evidence AS evidence,
       jsonb_build_object('amount', money.amount, 'threshold', threshold.number, 'number', policy.number,
                          'published', summed.day, 'until', summed.until, 'bought', bought.day,
                          'unknown', unsaid.name) AS computed
  FROM project
  LEFT JOIN bought ON bought.project = project.project
  LEFT JOIN summed ON summed.project = project.project
  JOIN act ON act.position = coalesce(bought.position, summed.position)
  JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
  LEFT JOIN budget ON budget.project = act.project AND act.time >= budget.starts AND act.time < budget.ends
 CROSS JOIN LATERAL (
       SELECT coalesce(budget.total, (SELECT plan.amount
                                        FROM act AS plan
                                       WHERE plan.type = 'plan.approve' AND plan.project = act.project AND plan.stands
                                         AND plan.time <= act.time
                                       ORDER BY plan.time DESC
                                       LIMIT 1)) AS amount,
              CASE WHEN course.ground ~ '唯一|第[一1]项|[(（][一1][)）]' THEN true
                   WHEN course.ground ~ '第[二三23]项|[(（][二三23][)）]|紧急|添购' THEN false END AS alone) AS money
  LEFT JOIN policy ON policy.key = 'dis.single' AND policy.unit = act.unit
                  AND act.time >= policy.starts AND act.time < policy.ends
  LEFT JOIN policy AS threshold ON threshold.key = 'method.open_tender.' || project.kind AND threshold.unit = act.unit
                               AND act.time >= threshold.starts AND act.time < threshold.ends
 CROSS JOIN LATERAL (
       SELECT CASE WHEN policy.number IS NULL THEN 'dis.single'
                   WHEN project.kind IS NULL THEN 'project.open kind'
                   WHEN threshold.number IS NULL THEN 'method.open_tender.' || project.kind
                   WHEN money.amount IS NULL THEN 'budget.approve amount'
                   WHEN money.alone IS NULL THEN 'plan.approve ground'
                   WHEN summed.unknown THEN 'single.publicise until' END AS name) AS unsaid
 WHERE course.method = 'single_source'
   AND money.alone IS NOT false
   AND coalesce(money.amount >= threshold.number, true)
   AND (bought.position IS NOT NULL OR summed.until IS NOT NULL)
