-- id = "DDL-02"
-- title = {zh = "招标文件提供期限不足", en = "Tender documents available too briefly"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "政府采购法实施条例 §31"
-- confidence = "A"
-- policies = ["ddl.document_available"]
-- inputs = ["notice.publish"]
-- since = 2015-03-01
-- says.zh = "招标文件自 {issued} 起提供，提供期限应至少 {number} 个工作日，即不早于 {earliest} 截止，公告载明提供至 {until}"
-- says.en = "Tender documents were available from {issued} and had to be for {number} working days at least, until {earliest} or later; the notice says until {until}"

-- The text speaks of 招标文件: other methods have no such period in it. A notice repeated before bids are opened issues
-- nothing anew.
SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN period.until >= period.earliest THEN 'PASS'
            WHEN period.until < period.earliest AND course.method IS NOT NULL THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       notice.position AS judged,
       notice.time AS since,
       ARRAY[notice.position] AS evidence,
       jsonb_build_object('issued', notice.day, 'number', policy.number, 'earliest', period.earliest,
                          'until', period.until,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'ddl.document_available'
                                          WHEN period.earliest IS NULL THEN 'calendar'
                                          WHEN period.until IS NULL THEN 'notice.publish document_until'
                                          WHEN course.method IS NULL THEN 'project.open method' END) AS computed
  FROM act AS notice
  LEFT JOIN course ON course.project = notice.project AND notice.time >= course.starts AND notice.time < course.ends
  LEFT JOIN policy ON policy.key = 'ddl.document_available' AND policy.unit = notice.unit
                  AND notice.time >= policy.starts AND notice.time < policy.ends
 CROSS JOIN LATERAL (
       SELECT projector.as_day(notice.data ->> 'document_until') AS until,
              projector.due_day(notice.day, policy.number::integer, policy.measure, policy.rolls) AS earliest) AS period
 WHERE notice.type = 'notice.publish' AND notice.stands
   AND coalesce(course.method IN ('open_tender', 'invited_tender'), true)
   AND NOT coalesce('notice.publish' = ANY (course.skips), false)
   AND NOT EXISTS (
           SELECT
             FROM act AS first
            WHERE first.type = 'notice.publish' AND first.project = notice.project AND first.object = notice.object
              AND first.stands AND (first.time, first.position) < (notice.time, notice.position)
              AND NOT EXISTS (
                  SELECT
                    FROM act AS opened
                   WHERE opened.type = 'bid.open' AND opened.project = notice.project
                     AND opened.time >= first.time AND opened.time <= notice.time))
