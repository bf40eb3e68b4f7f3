-- List what is due in a unit, on its projects and for itself, the most urgent first. `soon`: until when something counts
-- as due soon. No row: nothing is.
--   log_id int, unit text, today date, soon_days int, due date, scope text, rule text, key text (where the page before ended), limit int
SELECT owed.scope, owed.rule, owed.key, owed.project, owed.unit, owed.due, owed.judged, owed.evidence,
       owed.computed::text, projector.due_day(%(today)s::date, %(soon_days)s::integer, 'wd', false)
  FROM projector.obligations AS owed
 WHERE owed.log_id = %(log_id)s
   AND (owed.unit = %(unit)s
        OR owed.project IN (SELECT projects.project FROM projector.projects
                             WHERE projects.log_id = %(log_id)s AND projects.unit = %(unit)s))
   AND (%(due)s::date IS NULL
        OR (owed.due, owed.scope, owed.rule, owed.key) > (%(due)s::date, %(scope)s::text, %(rule)s::text, %(key)s::text))
 ORDER BY owed.due, owed.scope, owed.rule, owed.key
 LIMIT %(limit)s;
