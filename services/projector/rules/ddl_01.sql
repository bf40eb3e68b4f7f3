-- id = "DDL-01"
-- title = {zh = "投标（响应）时间不足", en = "Time for bids too short"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §35（招标）；财政部令74号 §29（谈判）、§45（询价）；财库〔2014〕214号 §10（磋商）"
-- confidence = "A"
-- policies = ["ddl.bid_period", "ddl.bid_period.negotiation", "ddl.bid_period.quotation", "ddl.bid_period.consultation"]
-- inputs = ["notice.publish", "doc.clarify", "bid.open"]
-- says.zh = "采购文件自 {issued} 起发出，投标（响应）截止日不得早于 {earliest}，实际截止日为 {closes}，间隔 {days} 天"
-- says.en = "The documents were issued from {issued}, so that bids could not close before {earliest}; they closed on {closes}, {days} days later"

-- Bids close when the notice or a later clarification says so, or when they are opened, if that comes first. A later
-- statement that gives enough time makes it good. A notice repeated before bids are opened issues nothing anew. Methods
-- without a period of their own are not asked.
WITH notice AS (
    SELECT act.project, act.position, act.time, act.day, course.method,
           lead(act.time, 1, 'infinity') OVER (PARTITION BY act.project ORDER BY act.time, act.position) AS next,
           projector.due_day(act.day, policy.number::integer, policy.measure, policy.rolls) AS earliest, policy.key
      FROM act
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
      LEFT JOIN policy ON policy.unit = act.unit AND act.time >= policy.starts AND act.time < policy.ends
                      AND policy.key = CASE WHEN course.method IN ('open_tender', 'invited_tender') THEN 'ddl.bid_period'
                                            ELSE 'ddl.bid_period.' || course.method END
     WHERE act.type = 'notice.publish' AND act.stands
       AND NOT coalesce('notice.publish' = ANY (course.skips), false)
       AND coalesce(course.method IN ('open_tender', 'invited_tender', 'negotiation', 'quotation', 'consultation'), true)
       AND NOT EXISTS (
               SELECT
                 FROM act AS first
                WHERE first.type = 'notice.publish' AND first.project = act.project AND first.object = act.object
                  AND first.stands AND (first.time, first.position) < (act.time, act.position)
                  AND NOT EXISTS (
                      SELECT
                        FROM act AS opened
                       WHERE opened.type = 'bid.open' AND opened.project = act.project
                         AND opened.time >= first.time AND opened.time <= act.time))
), said AS (
    SELECT notice.position AS notice, act.position, act.time, act.type = 'bid.open' AS opens,
           CASE WHEN act.type = 'bid.open' THEN act.day
                ELSE projector.as_day(act.data ->> 'bid_deadline') END AS closes
      FROM notice
      JOIN act ON act.project = notice.project
              AND (act.position = notice.position
                   OR act.type IN ('notice.publish', 'doc.clarify', 'bid.open')
                  AND act.time >= notice.time AND act.time < notice.next)
), stated AS (
    SELECT said.*,
           (array_agg(said.closes) FILTER (WHERE said.closes IS NOT NULL AND NOT said.opens) OVER before) AS earlier
      FROM said
    WINDOW before AS (PARTITION BY said.notice ORDER BY said.time, said.position
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), closing AS (
    SELECT notice.position,
           (array_agg(stated.closes ORDER BY stated.time, stated.position)
               FILTER (WHERE stated.closes < notice.earliest))[1] AS short,
           (array_agg(stated.position ORDER BY stated.time, stated.position)
               FILTER (WHERE stated.closes < notice.earliest))[1] AS judged,
           min(stated.time) FILTER (WHERE stated.closes < notice.earliest) AS since,
           (array_agg(stated.closes ORDER BY stated.time DESC, stated.position DESC))[1] AS closes,
           max(stated.time) AS time, array_agg(stated.position) AS evidence
      FROM notice
      JOIN stated ON stated.notice = notice.position
     WHERE stated.closes IS NOT NULL
       AND NOT (stated.opens AND coalesce(stated.closes >= stated.earlier[cardinality(stated.earlier)], false))
     GROUP BY notice.position
)
SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN closing.short IS NOT NULL THEN 'FAIL'
            WHEN notice.earliest IS NULL OR closing.closes IS NULL THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       coalesce(closing.judged, notice.position) AS judged,
       coalesce(closing.since, notice.time) AS since,
       CASE WHEN closing.closes >= notice.earliest THEN closing.time END AS cured,
       notice.position || closing.evidence AS evidence,
       jsonb_build_object('issued', notice.day, 'earliest', notice.earliest,
                          'closes', coalesce(closing.short, closing.closes),
                          'days', coalesce(closing.short, closing.closes) - notice.day,
                          'unknown', CASE WHEN notice.method IS NULL THEN 'project.open method'
                                          WHEN notice.key IS NULL THEN 'ddl.bid_period'
                                          WHEN notice.earliest IS NULL THEN 'calendar'
                                          WHEN closing.closes IS NULL THEN 'notice.publish bid_deadline' END) AS computed
  FROM notice
  LEFT JOIN closing ON closing.position = notice.position
