-- id = "INT-09"
-- title = {zh = "利益冲突扫描中断", en = "Daily scan gap"}
-- severity = "MEDIUM"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- since = 2015-03-01
-- policies = ["int.scan_gap"]
-- inputs = ["scan.execute"]
-- says.zh = "项目进行期间，{first} 至 {last} （{days} 天）没有利益冲突扫描记录（此前一次：{before}，此后一次：{after}，间隔上限 {most} 天）"
-- says.en = "While the project was open, no scan for conflicts of interest was recorded from {first} to {last} (days: {days}; the one before: {before}, the one after: {after}; most days apart: {most})"

-- Days count after the log's first scan, through yesterday, and from the day a project is opened to the day it is closed.
WITH run AS (
    SELECT scan.day AS before, scan.position AS scanned, coalesce(scan.day_after, moment.today) AS until,
           scan.day_after AS after, scan.position_after AS resumed
      FROM (SELECT scan.day, scan.position, lead(scan.day) OVER in_time AS day_after,
                   lead(scan.position) OVER in_time AS position_after
              FROM scan
            WINDOW in_time AS (ORDER BY scan.day)) AS scan
     CROSS JOIN moment
     WHERE coalesce(scan.day_after, moment.today) > scan.day + 1
), missed AS (
    SELECT project.project, project.unit, NOT isfinite(project.closed) AS open, run.*,
           greatest(run.before + 1, projector.local_day(project.opened)) AS first,
           least(run.until - 1, CASE WHEN isfinite(project.closed) THEN projector.local_day(project.closed) END) AS last
      FROM project
      JOIN run ON run.until > projector.local_day(project.opened)
              AND (NOT isfinite(project.closed) OR run.before < projector.local_day(project.closed))
)
SELECT missed.project,
       missed.first::text AS key,
       CASE WHEN missed.until - missed.before > policy.number THEN 'FAIL' ELSE 'PASS' END AS result,
       missed.scanned AS judged,
       projector.day_starts(missed.first + 1) AS since,
       projector.day_starts(missed.after) AS cured,
       CASE WHEN missed.after IS NULL AND missed.open AND missed.until - missed.before > policy.number THEN missed.first END
           AS due,
       ARRAY[missed.scanned, missed.resumed] AS evidence,
       jsonb_build_object('first', missed.first, 'last', missed.last, 'days', missed.last - missed.first + 1,
                          'before', missed.before, 'after', missed.after, 'most', policy.number) AS computed
  FROM missed
  JOIN policy ON policy.key = 'int.scan_gap' AND policy.unit = missed.unit
             AND projector.day_starts(missed.first) >= policy.starts AND projector.day_starts(missed.first) < policy.ends
 WHERE missed.first <= missed.last
