-- Count what a scan finds, by rule: what came about since the scan before, what is still open, what was closed since, what
-- cannot be decided. `projects`: on how many it shows. No row: nothing was ever found.
--   log_id int, before timestamptz, upto timestamptz
SELECT rule,
       count(*) FILTER (WHERE failed AND appeared > %(before)s AND NOT closed) AS fresh,
       count(*) FILTER (WHERE failed AND appeared <= %(before)s AND NOT closed) AS still_open,
       count(*) FILTER (WHERE failed AND closed AND closed_at > %(before)s) AS closed_since,
       count(*) FILTER (WHERE NOT failed) AS undetermined,
       sum(projects) FILTER (WHERE failed) AS projects
  FROM (SELECT findings.finding, min(findings.rule) AS rule, bool_or(findings.result = 'FAIL') AS failed,
               min(findings.appeared) AS appeared, max(findings.closed) AS closed_at,
               coalesce(bool_and(findings.closed <= %(upto)s), false) AS closed,
               count(DISTINCT findings.project) AS projects
          FROM projector.findings
         WHERE findings.log_id = %(log_id)s AND findings.appeared <= %(upto)s
         GROUP BY findings.finding) AS found
 GROUP BY rule
 ORDER BY rule;
