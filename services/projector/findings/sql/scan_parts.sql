-- Read the findings that a scan counts under one state, gravest and newest first, a row for each scope in which they show.
--   log_id int, state text (new, open, closed, undetermined), before timestamptz, upto timestamptz, limit int
WITH counted AS (
    SELECT findings.finding, min(findings.rule) AS rule, min(findings.since) AS since,
           bool_or(findings.result = 'FAIL') AS failed, min(findings.appeared) AS appeared,
           max(findings.closed) AS closed_at, coalesce(bool_and(findings.closed <= %(upto)s), false) AS closed,
           min(array_position(ARRAY['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'ADVISORY'], findings.severity)) AS rank
      FROM projector.findings
     WHERE findings.log_id = %(log_id)s AND findings.appeared <= %(upto)s
     GROUP BY findings.finding
), chosen AS (
    SELECT counted.finding, counted.rank, counted.since
      FROM counted
     WHERE CASE %(state)s::text
           WHEN 'new' THEN counted.failed AND counted.appeared > %(before)s AND NOT counted.closed
           WHEN 'open' THEN counted.failed AND counted.appeared <= %(before)s AND NOT counted.closed
           WHEN 'closed' THEN counted.failed AND counted.closed AND counted.closed_at > %(before)s
           ELSE NOT counted.failed END
     ORDER BY counted.rank, counted.since DESC, counted.finding
     LIMIT %(limit)s
)
SELECT part.finding, part.scope, part.rule, part.project, part.unit, part.key, part.result, part.severity, part.force,
       part.basis, part.persons, part.evidence, part.judged, part.since, part.appeared, part.cured, part.due,
       part.computed::text, part.ratified, part.status, part.until, part.lapsed, part.closed, part.set_due,
       part.history::text
  FROM chosen
  JOIN projector.findings AS part ON part.log_id = %(log_id)s AND part.finding = chosen.finding
 ORDER BY chosen.rank, chosen.since DESC, part.finding, part.scope;
