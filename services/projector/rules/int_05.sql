-- id = "INT-05"
-- title = {zh = "回避决定后仍参与", en = "Acted after recusal"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §12"
-- confidence = "A"
-- inputs = ["recusal.decide"]
-- says.zh = "{persons} 已于 {decided} 被决定回避，又于 {acted} 参与本项目（{type}）"
-- says.en = "{persons} had been recused on {decided} and still took part in this project on {acted} ({type})"

-- A later decision on the same recusal replaces the one before. To declare, or to ask and answer about recusal, is not to
-- take part. A decision that does not say which way it went leaves what follows open.
WITH said AS (
    SELECT act.project, act.position, act.time, act.day, act.data ->> 'decision' AS decision,
           coalesce(account.person, named.person) AS person,
           lead(act.time, 1, 'infinity') OVER (PARTITION BY act.project, coalesce(act.object, named.person)
                                               ORDER BY act.time, act.position) AS next
      FROM act
     CROSS JOIN LATERAL (
           SELECT coalesce(act.data ->> 'person', (
                  SELECT asked.data ->> 'person'
                    FROM act AS asked
                   WHERE asked.project = act.project AND asked.type = 'recusal.request' AND asked.object = act.object
                   ORDER BY asked.time
                   LIMIT 1)) AS person) AS named
      LEFT JOIN account ON account.account = named.person AND act.time >= account.starts AND act.time < account.ends
     WHERE act.type = 'recusal.decide'
)
SELECT act.project,
       act.position::text AS key,
       CASE WHEN bool_or(said.decision = 'recuse') THEN 'FAIL' ELSE 'UNDETERMINED' END AS result,
       act.position AS judged,
       array_agg(DISTINCT said.person) AS persons,
       act.time AS since,
       array_agg(DISTINCT said.position) || act.position AS evidence,
       jsonb_build_object('persons', array_agg(DISTINCT said.person), 'decided', min(said.day), 'acted', act.day,
                          'type', act.type,
                          'unknown', CASE WHEN coalesce(bool_or(said.decision = 'recuse'), false) THEN NULL
                                          ELSE 'recusal.decide decision' END) AS computed
  FROM said
  JOIN hand ON hand.project = said.project AND hand.person = said.person AND hand.counts
           AND hand.time > said.time AND hand.time < said.next
  JOIN act ON act.position = hand.position AND act.stage NOT IN ('SETUP', 'AUTHORITY', 'INTEREST', 'OVERSIGHT')
 WHERE said.decision IS DISTINCT FROM 'stay'
 GROUP BY act.project, act.position, act.time, act.day, act.type
