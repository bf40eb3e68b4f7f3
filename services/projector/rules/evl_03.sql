-- id = "EVL-03"
-- title = {zh = "问题逾期未整改", en = "Rectification overdue"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = ["supervise.inspect", "supervise.rectify", "finding.dispose"]
-- last = true
-- says.zh = "{what} 于 {asked} 提出，要求 {due} 前整改完毕，实际整改：{done}"
-- says.en = "{what} was raised on {asked} and was to be put right by {due}; put right: {done}"

-- Only a day that somebody set. An inspection is closed by a rectification of it that passes; one that does not say how it
-- went leaves the question open. A finding is put right when it is cured or found no more; a later disposition replaces
-- the one before it, and if that came in time there is nothing left of the day it had set.
WITH inspected AS (
    SELECT act.project, NULL AS unit, act.position, act.time, act.day, act.object, act.object AS what,
           projector.as_day(act.data ->> 'due') AS due
      FROM act
     WHERE act.type = 'supervise.inspect' AND projector.as_day(act.data ->> 'due') IS NOT NULL
), rectified AS (
    SELECT inspected.project, inspected.unit, inspected.position, inspected.time, inspected.day, inspected.what,
           inspected.due, closed.position AS closing, closed.time AS closed, unclear.position AS unclear
      FROM inspected
      LEFT JOIN LATERAL (
           SELECT act.position, act.time
             FROM act
            WHERE act.type = 'supervise.rectify' AND act.project = inspected.project AND act.result = 'pass'
              AND act.time >= inspected.time
              AND (act.object = inspected.object OR act.object IS NULL OR inspected.object IS NULL)
            ORDER BY act.time, act.position
            LIMIT 1) AS closed ON true
      LEFT JOIN LATERAL (
           SELECT act.position
             FROM act
            WHERE act.type = 'supervise.rectify' AND act.project = inspected.project AND act.result IS NULL
              AND act.time >= inspected.time AND act.day <= inspected.due
              AND (act.object = inspected.object OR act.object IS NULL OR inspected.object IS NULL)
            ORDER BY act.time, act.position
            LIMIT 1) AS unclear ON true
), disposed AS (
    SELECT finding.project, finding.unit, disposition.position, disposition.time,
           projector.local_day(disposition.time) AS day, finding.rule AS what, disposition.due, NULL::bigint AS closing,
           least(finding.cured, lead(disposition.time) OVER (PARTITION BY disposition.finding
                     ORDER BY disposition.time, disposition.known_from, disposition.position)) AS closed,
           NULL::bigint AS unclear
      FROM disposition
      JOIN finding ON finding.finding = disposition.finding AND finding.result = 'FAIL' AND finding.rule <> 'EVL-03'
), asked AS (
    SELECT rectified.* FROM rectified
     UNION ALL
    SELECT disposed.* FROM disposed WHERE disposed.due IS NOT NULL
)
SELECT asked.project,
       asked.unit,
       asked.position::text AS key,
       CASE WHEN coalesce(projector.local_day(asked.closed), moment.today) <= asked.due THEN 'PASS'
            WHEN asked.unclear IS NOT NULL THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       asked.position AS judged,
       projector.day_starts(asked.due + 1) AS since,
       asked.closed AS cured,
       CASE WHEN asked.closed IS NULL THEN asked.due END AS due,
       ARRAY[asked.position, asked.closing, asked.unclear] AS evidence,
       jsonb_build_object('what', asked.what, 'asked', asked.day, 'due', asked.due,
                          'done', projector.local_day(asked.closed),
                          'unknown', CASE WHEN asked.unclear IS NOT NULL AND asked.closed IS NULL
                                          THEN 'supervise.rectify result' END) AS computed
  FROM asked
 CROSS JOIN moment
