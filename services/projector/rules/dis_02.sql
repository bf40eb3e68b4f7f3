-- id = "DIS-02"
-- title = {zh = "公告要素缺失", en = "Notice lacks required contents"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §30, §43；财政部令87号 §13"
-- confidence = "A"
-- policies = ["dis.contents.notice", "dis.contents.award"]
-- inputs = ["notice.publish", "award.publish", "agency.sign"]
-- since = 2015-03-01
-- says.zh = "{published} 发布的公告（{act}）缺少：{missing}"
-- says.en = "The notice published on {published} ({act}) lacks: {missing}"

-- Whose names were evaluators is DIS-04's question; who buys without an agency names none. A later notice of the same
-- kind and object that has everything makes it good.
WITH notice AS (
    SELECT act.project, act.position, act.time, act.day, act.type, act.object, listed.contents, policy.list,
           ARRAY(SELECT needed.name
                   FROM unnest(policy.list) AS needed (name)
                  WHERE needed.name <> ALL (listed.contents)
                    AND NOT (act.type = 'award.publish' AND needed.name = 'evaluators')
                    AND NOT (needed.name = 'agency' AND NOT EXISTS (
                             SELECT
                               FROM act AS agency
                              WHERE agency.type = 'agency.sign' AND agency.project = act.project
                                AND agency.time <= act.time))) AS missing
      FROM act
     CROSS JOIN LATERAL (SELECT projector.listed(act.data -> 'contents') AS contents) AS listed
      LEFT JOIN policy ON policy.unit = act.unit AND act.time >= policy.starts AND act.time < policy.ends
                      AND policy.key = 'dis.contents.' || split_part(act.type, '.', 1)
     WHERE act.type IN ('notice.publish', 'award.publish') AND act.stands
), whole AS (
    SELECT notice.project, notice.type, notice.object, notice.time
      FROM notice
     WHERE notice.contents IS NOT NULL AND cardinality(notice.missing) = 0
)
SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN notice.contents IS NULL OR notice.list IS NULL THEN 'UNDETERMINED'
            WHEN cardinality(notice.missing) > 0 THEN 'FAIL'
            ELSE 'PASS' END AS result,
       notice.position AS judged,
       notice.time AS since,
       (SELECT min(whole.time)
          FROM whole
         WHERE whole.project = notice.project AND whole.type = notice.type
           AND whole.object IS NOT DISTINCT FROM notice.object AND whole.time > notice.time) AS cured,
       ARRAY[notice.position] AS evidence,
       jsonb_build_object('published', notice.day, 'act', notice.type, 'missing', notice.missing,
                          'unknown', CASE WHEN notice.list IS NULL
                                          THEN 'dis.contents.' || split_part(notice.type, '.', 1)
                                          WHEN notice.contents IS NULL THEN notice.type || ' contents' END) AS computed
  FROM notice
