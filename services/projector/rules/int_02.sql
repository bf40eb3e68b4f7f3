-- id = "INT-02"
-- title = {zh = "应回避未回避", en = "Failure to recuse"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §12; 政府采购法实施条例 §9, §70, §75"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["int.activity_start", "int.lookback"]
-- inputs = ["relation.record", "coi.declare", "supplier.snapshot", "participant.record", "bid.open", "recusal.effect"]
-- says.zh = "{person} 与参与供应商 {supplier} 存在应回避关系 {relations}（回溯界日：{edge}），自 {acted} 起参与本项目 {acts} 次，此前未回避"
-- says.en = "{person} has a relation {relations} to {supplier}, which takes part (looking back to: {edge}), and acted on this project {acts} times from {acted} on without having been recused before"

-- R1 to R3 count if they lasted on the same day three years before procurement activity began, or later (29 February:
-- 28 February); R4 only while it lasts. What has no end has not ended. To declare, or to ask for recusal, is not to act.
WITH edge AS (
    SELECT activity.project, projector.due_day(activity.day, -policy.number::integer, policy.measure, false) AS day
      FROM activity
      JOIN project ON project.project = activity.project
      JOIN policy ON policy.key = 'int.lookback' AND policy.unit = project.unit
                 AND projector.day_starts(activity.day) >= policy.starts
                 AND projector.day_starts(activity.day) < policy.ends
), effected AS (
    SELECT act.project, coalesce(account.person, act.data ->> 'person') AS person, min(act.time) AS time
      FROM act
      LEFT JOIN account ON account.account = act.data ->> 'person' AND act.time >= account.starts AND act.time < account.ends
     WHERE act.type = 'recusal.effect'
     GROUP BY 1, 2
), acted AS (
    SELECT tie.project, tie.person, tie.supplier, tie.relation, tie.position AS known_by, tie.joining, act.position, act.time,
           edge.day AS edge,
           CASE WHEN tie.ends IS NULL THEN true
                WHEN tie.relation = 'R4' THEN tie.ends >= act.day
                ELSE tie.ends >= edge.day END AS within
      FROM tie
      JOIN hand ON hand.project = tie.project AND hand.person = tie.person AND hand.counts
      JOIN act ON act.position = hand.position AND act.stage NOT IN ('SETUP', 'AUTHORITY', 'INTEREST', 'OVERSIGHT')
      LEFT JOIN edge ON edge.project = tie.project
      LEFT JOIN effected ON effected.project = tie.project AND effected.person = tie.person
     WHERE tie.relation IN ('R1', 'R2', 'R3', 'R4')
       AND act.time >= tie.joined AND act.position <> tie.joining
       AND (tie.starts IS NULL OR tie.starts <= act.day)
       AND (effected.time IS NULL OR act.time < effected.time)
), summed AS (
    SELECT acted.project, acted.person, acted.supplier, max(acted.edge) AS edge,
           CASE WHEN bool_or(acted.within) THEN 'FAIL'
                WHEN bool_or(acted.within IS NULL) THEN 'UNDETERMINED'
                ELSE 'PASS' END AS result,
           (array_agg(acted.position ORDER BY acted.within DESC NULLS LAST, acted.time, acted.position))[1] AS judged,
           count(DISTINCT acted.position) FILTER (WHERE acted.within IS NOT false) AS acts,
           array_agg(DISTINCT acted.relation) FILTER (WHERE acted.within IS NOT false) AS relations,
           array_agg(DISTINCT acted.position) || array_agg(DISTINCT acted.known_by)
           || array_agg(DISTINCT acted.joining) AS evidence
      FROM acted
     GROUP BY acted.project, acted.person, acted.supplier
)
SELECT summed.project,
       summed.person || ' ' || summed.supplier AS key,
       summed.result,
       summed.judged,
       ARRAY[summed.person] AS persons,
       act.time AS since,
       summed.evidence,
       jsonb_build_object('person', summed.person, 'supplier', summed.supplier, 'relations', summed.relations,
                          'edge', summed.edge, 'acts', summed.acts, 'acted', act.day,
                          'unknown', CASE WHEN summed.result = 'UNDETERMINED' THEN 'notice.publish planned_start' END)
           AS computed
  FROM summed
  JOIN act ON act.position = summed.judged
