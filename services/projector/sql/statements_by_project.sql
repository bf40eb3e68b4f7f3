-- Read the acts that say what these projects are, by which method they buy, through which agency, and that they are
-- over. `units` only of an opening. No row: nobody said anything of them.
--   log_id int, references text[]
SELECT acts.project, acts.type, acts.time, acts.known_from, acts.position, projects.units, acts.data::text AS data,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source
                  AND said.target_id = acts.id) AS corrected
  FROM projector.acts
  LEFT JOIN projector.projects
    ON projects.log_id = acts.log_id
   AND projects.position = acts.position
 WHERE acts.log_id = %(log_id)s
   AND acts.project = ANY (%(references)s::text[])
   AND acts.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'agency.sign', 'project.close',
                     'file.archive');
