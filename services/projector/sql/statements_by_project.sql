-- Read the acts that say what these projects are, by which method they buy, through which agency, and that they are
-- over. `units` only of an opening. No row: nobody said anything of them. The list of acts is that of the index.
--   log_id int, references text[]
SELECT project, type, time, known_from, position,
       CASE WHEN type = 'project.open'
            THEN (SELECT units FROM projector.projects AS opened
                   WHERE opened.log_id = acts.log_id AND opened.position = acts.position) END AS units,
       data::text AS data,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source
                  AND said.target_id = acts.id) AS corrected
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = ANY (%(references)s::text[])
   AND type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'agency.sign', 'project.close',
                'file.archive');
