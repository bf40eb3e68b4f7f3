-- id = "INT-03"
-- title = {zh = "申报不实或漏报", en = "False or omitted declaration"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §9"
-- confidence = "A"
-- since = 2015-03-01
-- policies = ["int.activity_start", "int.lookback"]
-- inputs = ["coi.declare", "relation.record", "supplier.snapshot", "participant.record", "bid.open"]
-- says.zh = "{person} 于 {declared} 的申报未列明与参与供应商 {supplier} 的关系 {relations}（回溯界日：{edge}；补充申报：{told}）"
-- says.en = "The declaration of {person} on {declared} does not name the relation {relations} to {supplier}, which takes part (looking back to: {edge}; declared afterwards: {told})"

-- Asked of the first declaration made when the relation had begun. What is declared before the supplier takes part is in
-- time. R1 to R3 look back from when procurement activity began, or is planned to; R4 and R5 count while they last.
-- Who declared nothing at all is INT-01.
WITH edge AS (
    SELECT activity.project, projector.due_day(activity.day, -policy.number::integer, policy.measure, false) AS day
      FROM activity
      JOIN project ON project.project = activity.project
      JOIN policy ON policy.key = 'int.lookback' AND policy.unit = project.unit
                 AND projector.day_starts(activity.day) >= policy.starts
                 AND projector.day_starts(activity.day) < policy.ends
), omitted AS (
    SELECT tie.project, tie.person, tie.supplier, tie.relation, tie.position AS known_by, tie.joined, tie.joining,
           made.position, made.time, edge.day AS edge,
           CASE WHEN tie.ends IS NULL THEN true
                WHEN tie.relation IN ('R4', 'R5') THEN tie.ends >= projector.local_day(made.time)
                ELSE tie.ends >= edge.day END AS within
      FROM tie
     CROSS JOIN LATERAL (
           SELECT declaration.position, declaration.time
             FROM declaration
            WHERE declaration.project = tie.project AND declaration.person = tie.person
              AND (tie.starts IS NULL OR tie.starts <= projector.local_day(declaration.time))
            ORDER BY declaration.time, declaration.position
            LIMIT 1) AS made
      LEFT JOIN edge ON edge.project = tie.project
     WHERE NOT tie.declared
), summed AS (
    SELECT omitted.project, omitted.person, omitted.supplier, max(omitted.edge) AS edge, max(omitted.joined) AS joined,
           CASE WHEN bool_or(omitted.within) THEN 'FAIL'
                WHEN bool_or(omitted.within IS NULL) THEN 'UNDETERMINED'
                ELSE 'PASS' END AS result,
           (array_agg(omitted.position ORDER BY omitted.within DESC NULLS LAST, omitted.time, omitted.position))[1] AS judged,
           array_agg(DISTINCT omitted.relation) FILTER (WHERE omitted.within IS NOT false) AS relations,
           array_agg(DISTINCT omitted.known_by) || array_agg(DISTINCT omitted.joining) AS evidence
      FROM omitted
     GROUP BY omitted.project, omitted.person, omitted.supplier
)
SELECT summed.project,
       summed.person || ' ' || summed.supplier AS key,
       CASE WHEN told.time <= greatest(made.time, summed.joined) THEN 'PASS' ELSE summed.result END AS result,
       summed.judged,
       ARRAY[summed.person] AS persons,
       greatest(made.time, summed.joined) AS since,
       told.time AS cured,
       summed.evidence || summed.judged || told.position AS evidence,
       jsonb_build_object('person', summed.person, 'supplier', summed.supplier, 'relations', summed.relations,
                          'edge', summed.edge, 'declared', made.day, 'told', projector.local_day(told.time),
                          'unknown', CASE WHEN summed.result = 'UNDETERMINED' THEN 'notice.publish planned_start' END)
           AS computed
  FROM summed
  JOIN act AS made ON made.position = summed.judged
  LEFT JOIN LATERAL (
       SELECT tie.position, tie.known_from AS time
         FROM tie
        WHERE tie.project = summed.project AND tie.person = summed.person AND tie.supplier = summed.supplier
          AND tie.declared
        ORDER BY tie.known_from, tie.position
        LIMIT 1) AS told ON true
