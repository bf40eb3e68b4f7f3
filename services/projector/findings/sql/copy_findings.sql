-- Add what was found.
COPY projector.findings (log_id, finding, scope, rule, project, unit, key, result, severity, force, basis, persons,
                         evidence, judged, since, appeared, cured, due, computed, ratified, status, until, lapsed, closed, set_due, history)
FROM STDIN;
