-- Read the acts that say what projects are and by which method they buy, as known then. `units` only of an opening. No
-- row: none was opened.
--   log_id int, known_at timestamptz, projects text[]
SELECT acts.project, acts.time, acts.known_from, acts.position, projects.units, acts.data ->> 'category' AS category,
       acts.data ->> 'method' AS method
  FROM projector.acts
  LEFT JOIN projector.projects
    ON projects.log_id = acts.log_id
   AND projects.position = acts.position
 WHERE acts.log_id = %(log_id)s
   AND acts.project = ANY (%(projects)s::text[])
   AND acts.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change')
   AND acts.known_from <= %(known_at)s
 ORDER BY acts.time, acts.known_from, acts.position;
