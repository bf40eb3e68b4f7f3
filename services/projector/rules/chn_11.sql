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

WITH asked AS (
    -- The catalogue says what must come first: of the same thing where both name one. What has no budget, review,
    -- filing, contract or acceptance at all by the time CHN-01, 02, 05, 09 or 10 looks for it is found there, and not
    -- again here.
    SELECT act.project, act.position, act.type, act.time, act.day, predecessor.alternatives, earlier.position AS found,
           earlier.time AS found_time, earlier.day AS found_day, earlier.late IS DISTINCT FROM false AS faulty,
           CASE WHEN earlier.late = false THEN earlier.erased
                ELSE course.method IS NULL AND predecessor.skippable END AS unknown
      FROM predecessor
      JOIN act ON act.type = predecessor.act AND (act.stands OR act.class <> 'D')
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
      LEFT JOIN LATERAL (
           SELECT first.position, first.time, first.day, first.erased, first.time > act.time AS late
             FROM act AS first
            WHERE first.type = ANY (predecessor.alternatives) AND first.project = act.project AND first.stands
              AND (NOT predecessor.same_object OR first.object = act.object OR first.object IS NULL
                   OR act.object IS NULL)
            ORDER BY first.time > act.time, first.erased, first.time
            LIMIT 1) AS earlier ON true
     WHERE NOT predecessor.alternatives && coalesce(course.skips, '{}')
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
), named AS (
    SELECT own.*, names.zh, names.en
      FROM own
     CROSS JOIN LATERAL (
           SELECT string_agg(act_name.zh, '/' ORDER BY act_name.type) AS zh,
                  string_agg(act_name.en, '/' ORDER BY act_name.type) AS en
             FROM act_name
            WHERE act_name.type = ANY (own.alternatives)) AS names
)
SELECT named.project,
       named.position::text AS key,
       CASE WHEN bool_or(named.faulty AND NOT named.unknown) THEN 'FAIL'
            WHEN bool_or(named.unknown) THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       named.position AS judged,
       named.time AS since,
       CASE WHEN bool_and(named.found IS NOT NULL) FILTER (WHERE named.faulty)
            THEN max(named.found_time) FILTER (WHERE named.faulty) END AS cured,
       named.position || array_agg(named.found) AS evidence,
       jsonb_build_object('act_zh', act_name.zh, 'act_en', act_name.en, 'acted', named.day,
                          'missing_zh', jsonb_agg(named.zh) FILTER (WHERE named.faulty),
                          'missing_en', jsonb_agg(named.en) FILTER (WHERE named.faulty),
                          'later', jsonb_agg(named.found_day) FILTER (WHERE named.faulty AND named.found IS NOT NULL),
                          'unknown', jsonb_agg(named.en) FILTER (WHERE named.unknown)) AS computed
  FROM named
  JOIN act_name ON act_name.type = named.type
 GROUP BY named.project, named.position, named.type, named.time, named.day, act_name.zh, act_name.en
