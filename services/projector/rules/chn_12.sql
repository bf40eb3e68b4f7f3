-- id = "CHN-12"
-- title = {zh = "未按审定需求编文件", en = "Documents not on the approved requirement"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §34"
-- confidence = "A"
-- since = 2021-07-01
-- inputs = ["doc.prepare", "doc.approve", "notice.publish", "req.review"]
-- says.zh = "“{act_zh}”（采购文件 {document}）于 {acted} 进行，所依据的是 {based}，而此前最近一次通过审查的是 {reviewed}（{passed}）"
-- says.en = "“{act_en}” (documents {document}) was done on {acted} on the basis of {based}; what had last passed review was {reviewed} (on {passed})"

WITH made AS (
    -- What the documents were made from against what had last passed review: whatever both name, the requirement and
    -- perhaps the plan. Looked at when they are prepared and approved, and at the notice where a review passed in
    -- between. Nothing passed yet: that is CHN-02 or CHN-11.
    SELECT act.project, act.position, act.type, coalesce(source.object, act.object) AS object, act.time, act.day,
           source.position AS source, source.time AS source_time,
           coalesce(source.based_on, act.data -> 'based_on') AS based_on
      FROM act
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
      LEFT JOIN LATERAL (
           SELECT made.position, made.time, made.object, made.data -> 'based_on' AS based_on
             FROM act AS made
            WHERE made.project = act.project AND made.type IN ('doc.prepare', 'doc.approve') AND made.stands
              AND made.time <= act.time AND made.data -> 'based_on' IS NOT NULL
              AND (act.type = 'notice.publish' OR made.object = act.object OR made.object IS NULL OR act.object IS NULL)
            ORDER BY made.time DESC, made.known_from DESC, made.position DESC
            LIMIT 1) AS source ON act.type = 'notice.publish'
                               OR act.type = 'doc.approve' AND act.data -> 'based_on' IS NULL
     WHERE act.type IN ('doc.prepare', 'doc.approve', 'notice.publish') AND act.stands
       AND NOT 'req.review' = ANY (coalesce(course.skips, '{}'))
), compared AS (
    SELECT made.*, review.position AS review, review.day AS passed, same.based, same.reviewed, same.equal
      FROM made
     CROSS JOIN LATERAL (
           SELECT act.position, act.day, act.time, act.data -> 'based_on' AS based_on
             FROM act
            WHERE act.type = 'req.review' AND act.project = made.project AND act.stands AND act.time <= made.time
            ORDER BY act.time DESC, act.known_from DESC, act.position DESC
            LIMIT 1) AS review
     CROSS JOIN LATERAL (
           SELECT jsonb_agg(concat_ws(' v', mine.item ->> 'object', mine.item ->> 'version')) AS based,
                  jsonb_agg(concat_ws(' v', theirs.item ->> 'object', theirs.item ->> 'version')) AS reviewed,
                  bool_and(mine.item ->> 'version' = theirs.item ->> 'version') AS equal
             FROM jsonb_array_elements(CASE jsonb_typeof(made.based_on)
                  WHEN 'array' THEN made.based_on ELSE '[]' END) AS mine (item)
             JOIN jsonb_array_elements(CASE jsonb_typeof(review.based_on)
                  WHEN 'array' THEN review.based_on ELSE '[]' END) AS theirs (item)
               ON theirs.item ->> 'object' = mine.item ->> 'object') AS same
     WHERE made.type <> 'notice.publish' OR review.time > made.source_time
)
SELECT compared.project,
       compared.position::text AS key,
       CASE WHEN compared.equal THEN 'PASS' WHEN NOT compared.equal THEN 'FAIL' ELSE 'UNDETERMINED' END AS result,
       compared.position AS judged,
       compared.time AS since,
       CASE WHEN NOT compared.equal THEN mended.time END AS cured,
       ARRAY[compared.position, compared.source, compared.review, mended.position] AS evidence,
       jsonb_build_object('act_zh', act_name.zh, 'act_en', act_name.en, 'document', compared.object,
                          'acted', compared.day, 'based', compared.based, 'reviewed', compared.reviewed,
                          'passed', compared.passed,
                          'unknown', CASE WHEN compared.equal IS NULL THEN 'based_on of document or review' END)
           AS computed
  FROM compared
  JOIN act_name ON act_name.type = compared.type
  LEFT JOIN LATERAL (
       SELECT later.position, later.time
         FROM compared AS later
        WHERE later.project = compared.project AND later.type = compared.type AND later.time > compared.time
          AND later.object IS NOT DISTINCT FROM compared.object AND later.equal
        ORDER BY later.time
        LIMIT 1) AS mended ON true
