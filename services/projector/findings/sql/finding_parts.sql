-- Read one finding, a row for each scope in which it shows. No row: there is no such finding now.
--   log_id int, finding text
SELECT finding, scope, rule, project, unit, key, result, severity, force, basis, persons, evidence, judged, since, appeared, cured,
       due, computed::text, ratified, status, until, lapsed, closed, set_due, history::text
  FROM projector.findings
 WHERE log_id = %(log_id)s
   AND finding = %(finding)s
 ORDER BY scope;
