-- List findings, the newest first, each once: its parts from several scopes together. No row: there is none such.
--   log_id int, project text, unit text, person text, rule text, family text, status text[], result text, severity text,
--   lapsed bool, before timestamptz, before_finding text, limit int (NULL: whichever)
WITH listed AS (
    SELECT first.finding, first.since
      FROM projector.findings AS first
     WHERE first.log_id = %(log_id)s
       AND (%(project)s::text IS NULL OR first.project = %(project)s)
       AND (%(unit)s::text IS NULL OR first.unit = %(unit)s
            OR first.project IN (SELECT projects.project FROM projector.projects
                                  WHERE projects.log_id = %(log_id)s AND %(unit)s = ANY (projects.units)))
       AND (%(person)s::text IS NULL OR first.persons @> ARRAY[%(person)s::text])
       AND (%(rule)s::text IS NULL OR first.rule = %(rule)s)
       AND (%(family)s::text IS NULL OR first.rule LIKE %(family)s || '-%%')
       AND (%(status)s::text[] IS NULL OR first.status = ANY (%(status)s))
       AND (%(result)s::text IS NULL OR first.result = %(result)s)
       AND (%(severity)s::text IS NULL OR first.severity = %(severity)s)
       AND (%(lapsed)s::boolean IS NULL OR first.lapsed = %(lapsed)s)
       AND (%(before)s::timestamptz IS NULL
            OR (first.since, first.finding) < (%(before)s::timestamptz, %(before_finding)s::text))
       AND NOT EXISTS (
           SELECT FROM projector.findings AS other
            WHERE other.log_id = first.log_id AND other.finding = first.finding AND other.scope < first.scope
              AND (%(project)s::text IS NULL OR other.project = %(project)s))
     ORDER BY first.since DESC, first.finding DESC
     LIMIT %(limit)s
)
SELECT part.finding, part.scope, part.rule, part.project, part.unit, part.key, part.result, part.severity, part.force,
       part.basis, part.persons, part.evidence, part.judged, part.since, part.appeared, part.cured, part.due, part.computed::text,
       part.ratified, part.status, part.until, part.lapsed, part.closed, part.set_due, part.history::text
  FROM listed
  JOIN projector.findings AS part ON part.log_id = %(log_id)s AND part.finding = listed.finding
 ORDER BY listed.since DESC, part.finding DESC, part.scope;
