-- id = "DIS-04"
-- title = {zh = "评审专家名单提前泄露或未随结果公告", en = "Evaluators named before the result, or not with it"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §43；财库〔2016〕198号"
-- confidence = "B"
-- policies = ["dis.contents.award"]
-- inputs = ["award.publish", "notice.publish", "intent.publish", "single.publicise", "doc.clarify"]
-- since = 2015-03-01
-- says.zh = "{published} 发布的信息（{act}）载明评审专家名单：{named}；名单应当且只应随结果公告公开"
-- says.en = "What was published on {published} ({act}) names the evaluators: {named}; their names are to be published with the result and not before"

-- Methods without an evaluation have nobody to name.
SELECT published.project,
       published.position::text AS key,
       CASE WHEN published.type <> 'award.publish' THEN 'FAIL'
            WHEN policy.list IS NULL OR listed.contents IS NULL THEN 'UNDETERMINED'
            WHEN 'evaluators' = ANY (listed.contents) OR NOT 'evaluators' = ANY (policy.list) THEN 'PASS'
            ELSE 'FAIL' END AS result,
       published.position AS judged,
       published.time AS since,
       CASE WHEN published.type = 'award.publish' THEN again.time END AS cured,
       ARRAY[published.position] AS evidence,
       jsonb_build_object('published', published.day, 'act', published.type,
                          'named', 'evaluators' = ANY (listed.contents),
                          'unknown', CASE WHEN published.type <> 'award.publish' THEN NULL
                                          WHEN policy.list IS NULL THEN 'dis.contents.award'
                                          WHEN listed.contents IS NULL THEN 'award.publish contents' END) AS computed
  FROM act AS published
 CROSS JOIN LATERAL (SELECT projector.listed(published.data -> 'contents') AS contents) AS listed
  LEFT JOIN course ON course.project = published.project
                  AND published.time >= course.starts AND published.time < course.ends
  LEFT JOIN policy ON policy.key = 'dis.contents.award' AND policy.unit = published.unit
                  AND published.time >= policy.starts AND published.time < policy.ends
  LEFT JOIN LATERAL (
       SELECT min(act.time) AS time
         FROM act
        WHERE act.type = 'award.publish' AND act.project = published.project AND act.stands
          AND act.time > published.time AND act.object IS NOT DISTINCT FROM published.object
          AND 'evaluators' = ANY (projector.listed(act.data -> 'contents'))) AS again ON true
 WHERE published.stands
   AND (published.type = 'award.publish' AND NOT coalesce('eval.perform' = ANY (course.skips), false)
        OR published.type IN ('intent.publish', 'notice.publish', 'single.publicise', 'doc.clarify')
       AND 'evaluators' = ANY (listed.contents))
