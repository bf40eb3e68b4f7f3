-- id = "AMT-10"
-- title = {zh = "价格分比重不足", en = "Price weight too low"}
-- severity = "MEDIUM"
-- force = "RULE"
-- citation = "财政部令87号 §55"
-- confidence = "B"
-- since = 2017-10-01
-- policies = ["amt.price_weight.goods", "amt.price_weight.services"]
-- inputs = ["doc.prepare", "doc.check", "doc.approve", "notice.publish"]
-- says.zh = "采购文件的价格分占 {weight:percent}，{kind_zh}项目不得低于 {least:percent}"
-- says.en = "The price counts for {weight:percent} in the procurement documents; for {kind_en} it may not be less than {least:percent}"

-- What binds is the document as approved, or as published where nobody approved it: a draft that was put right before is no
-- fault. Methods that score: tendering and competitive consultation; the others decide by price, or by negotiation. Works
-- have no least weight.
WITH issued AS (
    SELECT act.position, act.project, act.object, act.time, act.unit
      FROM act
     WHERE act.type = 'doc.approve' AND act.stands
     UNION ALL
    SELECT act.position, act.project, NULL, act.time, act.unit
      FROM act
     WHERE act.type = 'notice.publish'
       AND NOT EXISTS (SELECT
                         FROM act AS approval
                        WHERE approval.type = 'doc.approve' AND approval.project = act.project AND approval.stands
                          AND approval.time <= act.time)
), weighed AS (
    SELECT issued.*, project.kind, stated.weight, stated.position AS stating, policy.number AS least,
           'amt.price_weight.' || project.kind AS policy
      FROM issued
      JOIN project ON project.project = issued.project
      JOIN course ON course.project = issued.project AND issued.time >= course.starts AND issued.time < course.ends
      LEFT JOIN policy ON policy.key = 'amt.price_weight.' || project.kind AND policy.unit = issued.unit
                      AND issued.time >= policy.starts AND issued.time < policy.ends
      LEFT JOIN LATERAL (
           SELECT projector.as_number(act.data ->> 'price_weight') AS weight, act.position
             FROM act
            WHERE act.type IN ('doc.prepare', 'doc.check', 'doc.approve') AND act.project = issued.project
              AND act.time <= issued.time AND act.data ->> 'price_weight' IS NOT NULL
              AND (issued.object IS NULL OR act.object IS NULL OR act.object = issued.object)
            ORDER BY act.time DESC, act.position DESC
            LIMIT 1) AS stated ON true
     WHERE course.method IN ('open_tender', 'invited_tender', 'consultation')
       AND project.kind IS DISTINCT FROM 'works'
)
SELECT weighed.project,
       weighed.position::text AS key,
       CASE WHEN weighed.weight < weighed.least THEN 'FAIL'
            WHEN weighed.weight >= weighed.least THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       weighed.position AS judged,
       weighed.time AS since,
       (SELECT min(later.time)
          FROM weighed AS later
         WHERE weighed.weight < weighed.least AND later.project = weighed.project AND later.time > weighed.time
           AND later.object IS NOT DISTINCT FROM weighed.object AND later.weight >= later.least) AS cured,
       ARRAY[weighed.stating, weighed.position] AS evidence,
       jsonb_build_object('weight', weighed.weight, 'least', weighed.least,
                          'kind_zh', CASE weighed.kind WHEN 'goods' THEN '货物' WHEN 'services' THEN '服务' END,
                          'kind_en', weighed.kind,
                          'unknown', CASE WHEN weighed.kind IS NULL THEN 'project.open kind'
                                          WHEN weighed.weight IS NULL THEN 'doc.prepare price_weight'
                                          WHEN weighed.least IS NULL THEN weighed.policy END) AS computed
  FROM weighed
