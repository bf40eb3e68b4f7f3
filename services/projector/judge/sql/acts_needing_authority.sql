-- Find the acts of the case whose authority may be in question, as project_acts_to_judge.sql does for one project: those
-- of types that need a grant, those that say what they rely on, and what agencies, their people and systems did. What a
-- body of another unit decided outside needs none. `as_told`: nothing of it was corrected or erased.
--   types text[], outside text[] (types that may be decided outside)
SELECT act.position, act.type, act.stage, act.class, act.project, act.unit, act.actor, act.authority, act.onbehalfof,
       act.time, act.known_from, act.amount, act.currency,
       NOT act.erased AND act.position NOT IN (SELECT recast.position FROM recast) AS as_told
  FROM act
 WHERE (act.type = ANY (%(types)s::text[])
        OR act.authority IS NOT NULL
        OR act.actor LIKE 'agency:%%'
        OR act.actor LIKE 'system:%%'
        OR act.person IN (SELECT employer.person FROM employer WHERE employer.employer LIKE 'agency:%%'))
   AND NOT (act.type = ANY (%(outside)s::text[]) AND act.actor LIKE 'body:%%' AND act.unit IS NOT NULL
            AND EXISTS (
                SELECT
                  FROM project
                 WHERE project.project = act.project AND act.unit <> ALL (project.units)
                   AND project.position NOT IN (SELECT recast.position FROM recast)
                   AND NOT EXISTS (SELECT FROM act AS again
                                    WHERE again.project = act.project AND again.type = 'project.open'
                                      AND again.position <> project.position)))
 ORDER BY act.position;
