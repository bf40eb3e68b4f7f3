-- Count the findings of these projects that are not closed. No row of a project: it has none.
--   log_id int, projects text[]
SELECT project, count(DISTINCT finding)
  FROM projector.findings
 WHERE log_id = %(log_id)s
   AND scope = ANY (%(projects)s::text[])
   AND result = 'FAIL'
   AND closed IS NULL
 GROUP BY project;
