-- List the duties that people hold, with when and by which acts. Asked for a project: those held on it while it was
-- open. No row: nobody holds any.
--   log_id int, as_of timestamptz, known_at timestamptz, project text (NULL: wherever held), people text[] (NULL: all),
--   acts text[], roles text[] (the catalogue's: each act and the duty it exercises)
WITH project AS (
    SELECT project, units, opened, closed
      FROM projector.projects_at(%(log_id)s, %(known_at)s)
     WHERE project = %(project)s
)
SELECT held.person, coalesce(project.project, held.project), held.unit, held.role,
       nullif(greatest(held.starts, project.opened), '-infinity'), nullif(least(held.ends, project.closed), 'infinity'),
       array_agg(DISTINCT evidence.position ORDER BY evidence.position)
  FROM projector.held_at(%(log_id)s, %(known_at)s, %(acts)s::text[], %(roles)s::text[]) AS held
 CROSS JOIN LATERAL unnest(held.positions) AS evidence (position)
  LEFT JOIN project
    ON coalesce(held.project = project.project, held.unit = ANY (project.units), true)
   AND held.starts < project.closed
   AND project.opened < held.ends
 WHERE (%(people)s::text[] IS NULL OR held.person = ANY (%(people)s))
   AND (%(project)s::text IS NULL OR project.project IS NOT NULL)
   AND greatest(held.starts, project.opened) <= %(as_of)s
 GROUP BY held.person, coalesce(project.project, held.project), held.unit, held.role,
          greatest(held.starts, project.opened), least(held.ends, project.closed);
