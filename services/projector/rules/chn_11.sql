-- id = "CHN-11"
-- title = {zh = "环节倒序", en = "Sequence inversion"}
-- severity = "HIGH"
-- force = "GUIDE"
-- citation = "财库〔2016〕99号"
-- confidence = "C"
-- since = 2016-06-29
-- inputs = []
-- says.zh = "“{act_zh}”于 {acted} 进行，应在其之前的环节当时尚未完成：{missing_zh}（其后完成：{later}）"
-- says.en = "“{act_en}” was done on {acted}, before what must come first: {missing_en} (done afterwards: {later})"

WITH demand AS MATERIALIZED (
    SELECT act.project, act.position, act.type, act.time, act.day, act.object, predecessor.entry, predecessor.alternatives,
           predecessor.same_object, predecessor.skippable, names.zh, names.en
      FROM predecessor
     CROSS JOIN LATERAL (
           SELECT string_agg(act_name.zh, '/' ORDER BY act_name.type) AS zh,
                  string_agg(act_name.en, '/' ORDER BY act_name.type) AS en
             FROM act_name
            WHERE act_name.type = ANY (predecessor.alternatives)) AS names
      JOIN act ON act.type = predecessor.act AND (act.stands OR act.class <> 'D')
), alternative AS MATERIALIZED (
    SELECT predecessor.act, predecessor.entry, unnest(predecessor.alternatives) AS type FROM predecessor
), candidate AS MATERIALIZED (
    SELECT act.project, act.type, act.position, act.time, act.day, act.object, act.erased
      FROM act
     WHERE act.stands AND act.type IN (SELECT alternative.type FROM alternative)
), earlier AS (
    SELECT DISTINCT ON (demand.position, demand.entry) demand.position AS of, demand.entry, first.position, first.time,
           first.day, first.erased, first.time > demand.time AS late
      FROM demand
      JOIN alternative ON alternative.act = demand.type AND alternative.entry = demand.entry
      JOIN candidate AS first ON first.project = demand.project AND first.type = alternative.type
                             AND (NOT demand.same_object OR first.object = demand.object OR first.object IS NULL
                                  OR demand.object IS NULL)
     ORDER BY demand.position, demand.entry, first.time > demand.time, first.erased, first.time
), asked AS MATERIALIZED (
    -- The catalogue says what must come first: of the same thing where both name one. What has no budget, review,
    -- filing, contract or acceptance at all by the time CHN-01, 02, 05, 09 or 10 looks for it is found there, and not
    -- again here.
    SELECT demand.project, demand.position, demand.type, demand.time, demand.day, demand.alternatives, demand.zh, demand.en,
           earlier.position AS found, earlier.time AS found_time, earlier.day AS found_day,
           earlier.late IS DISTINCT FROM false AS faulty,
           CASE WHEN earlier.late = false THEN earlier.erased
                ELSE course.method IS NULL AND demand.skippable END AS unknown
      FROM demand
      LEFT JOIN course ON course.project = demand.project AND demand.time >= course.starts AND demand.time < course.ends
      LEFT JOIN earlier ON earlier.of = demand.position AND earlier.entry = demand.entry
     WHERE NOT demand.alternatives && coalesce(course.skips, '{}')
), said (type, acts) AS (
    VALUES ('req.review', ARRAY['notice.publish']), ('plan.file', ARRAY['notice.publish']),
           ('contract.sign', ARRAY['delivery.record', 'accept.perform', 'pay.execute'])
), own AS (
    SELECT asked.*
      FROM asked
     WHERE NOT asked.faulty
        OR NOT EXISTS (
           SELECT
             FROM said
             JOIN act AS done ON done.project = asked.project AND done.type = ANY (said.acts)
            WHERE said.type = ANY (asked.alternatives)
              AND NOT EXISTS (SELECT FROM act AS first
                               WHERE first.type = said.type AND first.project = asked.project AND first.stands
                                 AND first.time <= done.time))
       AND NOT ('budget.approve' = ANY (asked.alternatives) AND EXISTS (
           SELECT
             FROM act AS done
            WHERE done.project = asked.project
              AND (done.stage IN ('TENDER', 'CONTRACT') AND done.type NOT IN ('doc.prepare', 'doc.check', 'doc.approve')
                   OR done.type IN ('notice.publish', 'single.publicise'))
              AND NOT EXISTS (SELECT FROM budget WHERE budget.project = asked.project AND budget.starts <= done.time)))
       AND NOT ('accept.perform' = ANY (asked.alternatives) AND EXISTS (
           SELECT
             FROM act AS paid
            WHERE paid.project = asked.project AND paid.type = 'pay.execute' AND paid.stands
              AND NOT EXISTS (SELECT FROM act AS first
                               WHERE first.type = 'accept.perform' AND first.project = asked.project AND first.stands
                                 AND first.time <= paid.time)
           HAVING sum(paid.amount) > (SELECT coalesce(sum(projector.as_number(contract.data ->> 'advance')), 0)
                                        FROM contract WHERE contract.project = asked.project)))
)
SELECT own.project,
       own.position::text AS key,
       CASE WHEN bool_or(own.faulty AND NOT own.unknown) THEN 'FAIL'
            WHEN bool_or(own.unknown) THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       own.position AS judged,
       own.time AS since,
       CASE WHEN bool_and(own.found IS NOT NULL) FILTER (WHERE own.faulty)
            THEN max(own.found_time) FILTER (WHERE own.faulty) END AS cured,
       own.position || array_agg(own.found) AS evidence,
       jsonb_build_object('act_zh', act_name.zh, 'act_en', act_name.en, 'acted', own.day,
                          'missing_zh', jsonb_agg(own.zh) FILTER (WHERE own.faulty),
                          'missing_en', jsonb_agg(own.en) FILTER (WHERE own.faulty),
                          'later', jsonb_agg(own.found_day) FILTER (WHERE own.faulty AND own.found IS NOT NULL),
                          'unknown', jsonb_agg(own.en) FILTER (WHERE own.unknown)) AS computed
  FROM own
  JOIN act_name ON act_name.type = own.type
 GROUP BY own.project, own.position, own.type, own.time, own.day, act_name.zh, act_name.en
