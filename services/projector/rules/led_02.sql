-- id = "LED-02"
-- title = {zh = "逾期补录", en = "Late entry"}
-- severity = "HIGH"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- policies = ["led.late_entry"]
-- inputs = []
-- says.zh = "{happened} 发生的行为（{type}）应在 {days} 个工作日内（{due} 前）登记，实际登记于 {known}，未说明补录理由（后补理由：{explained}）"
-- says.en = "An act of {happened} ({type}) was to be recorded within {days} working days, by {due}; it was recorded on {known} without a reason for the late entry (reason given afterwards: {explained})"

-- A reason that a correction adds afterwards closes the finding and does not undo it.
WITH late AS (
    SELECT act.position, act.project, act.type, act.time, act.day, act.known_day, act.source, act.id, act.erased,
           nullif(btrim(act.data ->> 'late_entry_reason'), '') AS reason, policy.number AS days,
           projector.due_day(act.day, policy.number::integer, policy.measure, policy.rolls) AS due
      FROM act
      LEFT JOIN policy ON policy.key = 'led.late_entry' AND policy.unit = act.unit
                      AND act.time >= policy.starts AND act.time < policy.ends
     WHERE act.known_day > act.day + (SELECT coalesce(least(min(policy.number), 0), 0)::integer
                                       FROM policy
                                      WHERE policy.key = 'led.late_entry')
       AND act.known_day > act.day + coalesce(policy.number, 0)::integer
)
SELECT late.project,
       late.position::text AS key,
       CASE WHEN late.known_day <= late.due THEN 'PASS'
            WHEN late.reason IS NOT NULL AND added.time IS NULL THEN 'PASS'
            WHEN late.due IS NULL OR late.erased THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       late.position AS judged,
       coalesce(projector.day_starts(late.due + 1), late.time) AS since,
       added.time AS cured,
       ARRAY[late.position, added.position] AS evidence,
       jsonb_build_object('type', late.type, 'happened', late.day, 'known', late.known_day, 'days', late.days,
                          'due', late.due, 'explained', added.day,
                          'unknown', CASE WHEN late.due IS NULL THEN 'led.late_entry'
                                          WHEN late.erased THEN 'late_entry_reason' END) AS computed
  FROM late
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'act.correct' AND act.project = late.project AND late.reason IS NOT NULL
          AND act.data -> 'corrects' ->> 'source' = late.source AND act.data -> 'corrects' ->> 'id' = late.id
          AND act.data -> 'fields' ->> 'late_entry_reason' IS NOT NULL
        ORDER BY act.time, act.position
        LIMIT 1) AS added ON true
