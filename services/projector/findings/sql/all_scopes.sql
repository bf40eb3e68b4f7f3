-- Find everything that can be judged, a page of it after one: projects by whoever acted on them, then units.
--   log_id int, after text, limit int
SELECT scope
  FROM (SELECT DISTINCT projects.project AS scope FROM projector.projects WHERE projects.log_id = %(log_id)s
         UNION
        SELECT DISTINCT acts.project FROM projector.acts
         WHERE acts.log_id = %(log_id)s AND acts.project IS NOT NULL
         UNION
        SELECT DISTINCT units.unit FROM projector.units WHERE units.log_id = %(log_id)s) AS scopes
 WHERE scope > %(after)s
 ORDER BY scope
 LIMIT %(limit)s;
