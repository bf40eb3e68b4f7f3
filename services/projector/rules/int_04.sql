-- id = "INT-04"
-- title = {zh = "疑似利害关系未处置", en = "Suspected relation not disposed of"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = "政府采购法实施条例 §9(5)"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["int.suspected"]
-- inputs = ["relation.record", "coi.declare", "supplier.snapshot", "participant.record", "bid.open", "recusal.decide"]
-- says.zh = "{person} 与参与供应商 {supplier} 的疑似利害关系于 {opened} 显现，应在 {days} 个工作日内（{due} 前）作出决定，实际决定：{decided}；其间该人参与本项目：{acted}"
-- says.en = "A suspected relation of {person} to {supplier}, which takes part, came up on {opened} and was to be decided on within {days} working days, by {due}; decided: {decided}; acted on the project meanwhile: {acted}"

-- R5, and R4 to somebody who is not the supplier's head. It comes up when it is known and the supplier takes part, and is
-- open until a decision on recusal, either way. While it is open the person should not act.
WITH hit AS (
    SELECT tie.project, tie.person, tie.supplier, min(tie.joining) AS joining, greatest(min(tie.position), min(tie.joining)) AS asking,
           min(greatest(tie.known_from, tie.joined)) AS opened,
           array_agg(DISTINCT tie.position) || array_agg(DISTINCT tie.joining) AS evidence
      FROM tie
     WHERE tie.relation = 'R5'
       AND (tie.starts IS NULL OR tie.starts <= projector.local_day(greatest(tie.known_from, tie.joined)))
       AND (tie.ends IS NULL OR tie.ends >= projector.local_day(greatest(tie.known_from, tie.joined)))
     GROUP BY tie.project, tie.person, tie.supplier
), decided AS (
    SELECT act.project, act.supplier, act.time, act.position, coalesce(account.person, act.data ->> 'person') AS person
      FROM act
      LEFT JOIN account ON account.account = act.data ->> 'person' AND act.time >= account.starts AND act.time < account.ends
     WHERE act.type IN ('recusal.decide', 'recusal.effect')
), known AS (
    SELECT hit.*, decision.time AS decided, decision.position AS deciding, acted.time AS acted, acted.position AS acting,
           policy.number AS days,
           projector.due_day(projector.local_day(hit.opened), policy.number::integer, policy.measure, policy.rolls) AS due
      FROM hit
      JOIN project ON project.project = hit.project
      LEFT JOIN policy ON policy.key = 'int.suspected' AND policy.unit = project.unit
                      AND hit.opened >= policy.starts AND hit.opened < policy.ends
      LEFT JOIN LATERAL (
           SELECT decided.time, decided.position
             FROM decided
            WHERE decided.project = hit.project AND decided.person = hit.person
              AND (decided.supplier IS NULL OR decided.supplier = hit.supplier)
            ORDER BY decided.time, decided.position
            LIMIT 1) AS decision ON true
      LEFT JOIN LATERAL (
           SELECT act.time, act.position
             FROM hand
             JOIN act ON act.position = hand.position AND act.stage NOT IN ('SETUP', 'AUTHORITY', 'INTEREST', 'OVERSIGHT')
            WHERE hand.project = hit.project AND hand.person = hit.person AND hand.counts
              AND act.time >= hit.opened AND act.position <> hit.joining
              AND (decision.time IS NULL OR act.time < decision.time)
            ORDER BY act.time, act.position
            LIMIT 1) AS acted ON true
)
SELECT known.project,
       known.person || ' ' || known.supplier AS key,
       CASE WHEN known.acted IS NOT NULL THEN 'FAIL'
            WHEN known.decided <= known.opened THEN 'PASS'
            WHEN known.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(projector.local_day(known.decided), moment.today) <= known.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(known.acting, known.asking) AS judged,
       ARRAY[known.person] AS persons,
       coalesce(least(known.acted, projector.day_starts(known.due + 1)), known.opened) AS since,
       known.decided AS cured,
       CASE WHEN known.decided IS NULL THEN known.due END AS due,
       known.evidence || known.deciding || known.acting AS evidence,
       jsonb_build_object('person', known.person, 'supplier', known.supplier,
                          'opened', projector.local_day(known.opened), 'days', known.days, 'due', known.due,
                          'decided', projector.local_day(known.decided), 'acted', projector.local_day(known.acted),
                          'unknown', CASE WHEN known.due IS NULL THEN 'int.suspected' END) AS computed
  FROM known
 CROSS JOIN moment
