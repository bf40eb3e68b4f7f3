-- Add what is due.
COPY projector.obligations (log_id, scope, rule, key, project, unit, due, judged, evidence, computed) FROM STDIN;
