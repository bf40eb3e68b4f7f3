-- id = "CHN-02"
-- title = {zh = "未审查即采购", en = "No requirement review"}
-- severity = "HIGH"
-- force = "NORM"
-- citation = "财库〔2021〕22号 §29"
-- confidence = "A"
-- since = 2021-07-01
-- inputs = ["notice.publish", "req.review", "req.prepare", "plan.prepare"]
-- says.zh = "采购公告于 {published} 发布，当时的需求和实施计划（{current}）未通过审查；此前通过的审查：{reviewed}，其后补审：{cured}"
-- says.en = "The procurement notice was published on {published}; the requirement and plan then current ({current}) had passed no review. Last review passed before: {reviewed}; reviewed afterwards: {cured}"

WITH notice AS (
    -- A review covers the requirement and the plan it names at their version. One made before the current version was
    -- prepared cannot cover it; one that names no version leaves it open.
    SELECT notice.project, notice.position, notice.time, notice.day
      FROM act AS notice
      LEFT JOIN course ON course.project = notice.project AND notice.time >= course.starts AND notice.time < course.ends
     WHERE notice.type = 'notice.publish'
       AND NOT 'req.review' = ANY (coalesce(course.skips, '{}'))
), current AS (
    SELECT DISTINCT ON (notice.position, made.type) notice.position AS notice, made.position, made.object, made.version,
           made.time
      FROM notice
      JOIN act AS made ON made.project = notice.project AND made.type IN ('req.prepare', 'plan.prepare')
                      AND made.stands AND made.time <= notice.time
     ORDER BY notice.position, made.type, made.time DESC, made.known_from DESC, made.position DESC
), review AS (
    SELECT notice.position AS notice, review.position, review.time, review.day, review.time <= notice.time AS before,
           CASE WHEN bool_or(covers.stale) THEN 'stale'
                WHEN review.erased OR bool_or(covers.good IS NOT TRUE) THEN 'unknown'
                ELSE 'good' END AS grade
      FROM notice
      JOIN act AS review ON review.project = notice.project AND review.type = 'req.review' AND review.stands
      LEFT JOIN current ON current.notice = notice.position
      LEFT JOIN LATERAL (
           SELECT named.good, named.good IS NOT TRUE AND (review.time < current.time OR named.good IS NOT NULL) AS stale
             FROM (SELECT bool_or(based.item ->> 'version' = current.version) AS good
                     FROM jsonb_array_elements(CASE jsonb_typeof(review.data -> 'based_on')
                          WHEN 'array' THEN review.data -> 'based_on' ELSE '[]' END) AS based (item)
                    WHERE based.item ->> 'object' = current.object) AS named) AS covers ON current.notice IS NOT NULL
     GROUP BY notice.position, notice.time, review.position, review.time, review.day, review.erased
)
SELECT notice.project,
       notice.position::text AS key,
       CASE WHEN best.grade = 'good' THEN 'PASS'
            WHEN best.grade = 'unknown' THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       notice.position AS judged,
       notice.time AS since,
       CASE WHEN best.grade = 'stale' OR best.grade IS NULL THEN later.time END AS cured,
       ARRAY[notice.position, best.position, later.position] || made.positions AS evidence,
       jsonb_build_object('published', notice.day, 'current', made.names, 'reviewed', best.day, 'cured', later.day,
                          'unknown', CASE WHEN best.grade = 'unknown' THEN 'req.review based_on' END) AS computed
  FROM notice
 CROSS JOIN LATERAL (
       SELECT array_agg(current.position) AS positions,
              jsonb_agg(concat_ws(' v', current.object, current.version) ORDER BY current.position) AS names
         FROM current
        WHERE current.notice = notice.position) AS made
  LEFT JOIN LATERAL (
       SELECT review.position, review.day, review.grade
         FROM review
        WHERE review.notice = notice.position AND review.before
        ORDER BY array_position(ARRAY['good', 'unknown', 'stale'], review.grade), review.time DESC
        LIMIT 1) AS best ON true
  LEFT JOIN LATERAL (
       SELECT review.position, review.time, review.day
         FROM review
        WHERE review.notice = notice.position AND NOT review.before AND review.grade = 'good'
        ORDER BY review.time
        LIMIT 1) AS later ON true
