-- Read what was found on a project, wrong and not closed or closed. No row: nothing was.
--   log_id int, project text
SELECT finding, rule, severity, evidence, judged, since, closed
  FROM projector.findings
 WHERE log_id = %(log_id)s
   AND scope = %(project)s
   AND result = 'FAIL'
 ORDER BY since, finding;
