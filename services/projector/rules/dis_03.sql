-- id = "DIS-03"
-- title = {zh = "未在指定媒体公告或各媒体内容不一致", en = "Not in a designated medium, or media that differ"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "政府采购法实施条例 §8；财政部令101号"
-- confidence = "B"
-- policies = ["dis.channels"]
-- inputs = ["intent.publish", "notice.publish", "single.publicise", "award.publish", "contract.publish"]
-- since = 2015-03-01
-- says.zh = "{published} 在 {channel} 发布的信息（{act} {name}）：同一信息在指定媒体的发布时间：{designated}，内容与指定媒体不一致：{differs}"
-- says.en = "What was published on {published} in {channel} ({act} {name}): published in a designated medium: {designated}, differing from what was published there: {differs}"

-- Another medium besides a designated one is lawful if it came no earlier and shows the same documents.
WITH published AS (
    SELECT act.project, act.position, act.time, act.day, act.type, act.object, act.data ->> 'channel' AS channel,
           act.data ->> 'channel' = ANY (policy.list) AS designated, policy.list,
           CASE WHEN jsonb_typeof(act.data -> 'documents') = 'array'
                THEN (SELECT array_agg(DISTINCT document.item ->> 'sha256' ORDER BY document.item ->> 'sha256')
                        FROM jsonb_array_elements(act.data -> 'documents') AS document (item)) END AS hashes
      FROM act
      LEFT JOIN policy ON policy.key = 'dis.channels' AND policy.unit = act.unit
                      AND act.time >= policy.starts AND act.time < policy.ends
     WHERE act.type IN ('intent.publish', 'notice.publish', 'single.publicise', 'award.publish', 'contract.publish')
       AND act.stands
), paired AS (
    SELECT DISTINCT ON (published.position) published.*, official.position AS official, official.time AS official_time,
           official.day AS official_day,
           NOT published.designated AND published.hashes <> official.hashes AS differs
      FROM published
      LEFT JOIN published AS official
        ON official.project = published.project AND official.type = published.type AND official.designated
       AND coalesce(official.object = published.object, true) AND official.position <> published.position
       AND NOT published.designated
     ORDER BY published.position, official.day <= published.day DESC,
              abs(extract(epoch FROM official.time - published.time)), official.position
)
SELECT paired.project,
       paired.position::text AS key,
       CASE WHEN paired.designated THEN 'PASS'
            WHEN paired.designated IS NULL THEN 'UNDETERMINED'
            WHEN paired.official_day <= paired.day AND paired.differs IS NOT true THEN 'PASS'
            ELSE 'FAIL' END AS result,
       paired.position AS judged,
       paired.time AS since,
       CASE WHEN paired.differs IS NOT true THEN paired.official_time END AS cured,
       ARRAY[paired.position, paired.official] AS evidence,
       jsonb_build_object('published', paired.day, 'channel', paired.channel, 'act', paired.type, 'name', paired.object,
                          'designated', paired.official_day, 'differs', coalesce(paired.differs, false),
                          'unknown', CASE WHEN paired.list IS NULL THEN 'dis.channels'
                                          WHEN paired.channel IS NULL THEN paired.type || ' channel' END) AS computed
  FROM paired
