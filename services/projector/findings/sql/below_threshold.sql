-- Find the projects that stay below the threshold, by what was said last of how they are bought: as told, before
-- corrections, since nothing but the order of work depends on it.
--   log_id int, projects text[]
SELECT said.project
  FROM (SELECT DISTINCT ON (acts.project) acts.project, acts.data ->> 'organisation' AS organisation
          FROM projector.acts
         WHERE acts.log_id = %(log_id)s
           AND acts.project = ANY (%(projects)s::text[])
           AND acts.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change')
           AND acts.data ? 'organisation'
         ORDER BY acts.project, acts.time DESC, acts.known_from DESC, acts.position DESC) AS said
 WHERE said.organisation = 'below_threshold';
