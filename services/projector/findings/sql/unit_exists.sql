-- Find whether a unit is known: registered, a purchaser, or what something was found of. No row: it is not.
--   log_id int, unit text
SELECT 1
 WHERE EXISTS (SELECT FROM projector.units WHERE units.log_id = %(log_id)s AND units.unit = %(unit)s)
    OR EXISTS (SELECT FROM projector.projects WHERE projects.log_id = %(log_id)s AND projects.unit = %(unit)s)
    OR EXISTS (SELECT FROM projector.findings WHERE findings.log_id = %(log_id)s AND findings.unit = %(unit)s);
