-- Lay out purchases of one unit, fiscal year and budget project: those of the case and those beside them, which are read
-- from the log.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[]
INSERT INTO purchase (project, unit, fiscal_year, budget_project, category, kind, method, organisation, amount, supplier,
                      time, day, position, adjusted, approved, bought, acts)
WITH groups AS (
    SELECT DISTINCT project.unit, project.fiscal_year, project.budget_project
      FROM project
     WHERE project.unit IS NOT NULL AND project.fiscal_year IS NOT NULL AND project.budget_project IS NOT NULL
), opened AS MATERIALIZED (
    SELECT DISTINCT ON (opening.project) opening.project, groups.unit, groups.fiscal_year, groups.budget_project,
           coalesce(act.data, recast.fields, acts.data) AS data, opening.time, opening.position
      FROM projector.projects AS opening
      JOIN groups ON groups.unit = opening.unit AND groups.budget_project = opening.budget_project
      LEFT JOIN act ON act.position = opening.position
      LEFT JOIN projector.acts ON acts.log_id = %(log_id)s
                              AND acts.position = CASE WHEN act.position IS NULL THEN opening.position END
      LEFT JOIN recast ON recast.position = acts.position
     WHERE opening.log_id = %(log_id)s
       AND opening.unit = ANY (ARRAY(SELECT DISTINCT groups.unit FROM groups))
       AND opening.known_from <= %(known_at)s
       AND opening.time <= %(as_of)s
       AND opening.position NOT IN (SELECT withdrawn.position FROM withdrawn)
       AND projector.as_number(coalesce(act.data, recast.fields, acts.data) ->> 'fiscal_year') = groups.fiscal_year
     ORDER BY opening.project, opening.time DESC, opening.known_from DESC, opening.position DESC
), told AS (
    SELECT act.project, act.type, act.data, act.amount, act.time, act.known_from, act.position
      FROM act
     WHERE act.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'budget.approve',
                        'budget.adjust', 'award.decide', 'contract.sign', 'contract.amend', 'project.close')
       AND act.stands
     UNION ALL
    SELECT acts.project, acts.type, coalesce(recast.fields, acts.data) AS data,
           CASE WHEN recast.position IS NULL THEN acts.amount
                ELSE projector.as_number(recast.fields ->> 'amount') END AS amount,
           acts.time, acts.known_from, acts.position
      FROM projector.acts
      LEFT JOIN recast ON recast.position = acts.position
     WHERE acts.log_id = %(log_id)s
       AND acts.project = ANY (ARRAY(SELECT opened.project FROM opened
                                      WHERE opened.project <> ALL (%(projects)s::text[])))
       AND acts.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'budget.approve',
                         'budget.adjust', 'award.decide', 'contract.sign', 'contract.amend', 'project.close')
       AND acts.time <= %(as_of)s
       AND acts.known_from <= %(known_at)s
       AND coalesce(coalesce(recast.fields, acts.data) ->> 'result', 'pass') = 'pass'
       AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), summed AS MATERIALIZED (
    SELECT told.project,
           (array_agg(told.data ->> 'method' ORDER BY told.time DESC, told.known_from DESC, told.position DESC)
               FILTER (WHERE told.data ->> 'method' IS NOT NULL))[1] AS method,
           (array_agg(told.data ->> 'organisation' ORDER BY told.time DESC, told.known_from DESC, told.position DESC)
               FILTER (WHERE told.data ->> 'organisation' IS NOT NULL))[1] AS organisation,
           coalesce(sum(told.amount) FILTER (WHERE told.type IN ('contract.sign', 'contract.amend')),
                    sum(told.amount) FILTER (WHERE told.type = 'award.decide'),
                    sum(told.amount) FILTER (WHERE told.type = 'budget.approve')) AS amount,
           (array_agg(told.data ->> 'supplier' ORDER BY told.type = 'contract.sign' DESC, told.time)
               FILTER (WHERE told.type IN ('contract.sign', 'award.decide')))[1] AS supplier,
           min(told.time) FILTER (WHERE told.type IN ('contract.sign', 'award.decide')) AS time,
           bool_or(told.type = 'budget.adjust') AS adjusted, bool_or(told.type = 'method.change') AS approved,
           bool_or(told.type IN ('contract.sign', 'award.decide'))
           AND NOT bool_or(told.data ->> 'outcome' IS NOT NULL AND told.data ->> 'outcome' <> 'completed') AS bought,
           array_agg(told.position ORDER BY told.position)
               FILTER (WHERE told.type IN ('project.open', 'plan.approve', 'award.decide', 'contract.sign', 'contract.amend'))
               AS acts
      FROM told
     GROUP BY told.project
)
-- A full join, of which the further rows are left out: one that PostgreSQL cannot run as a loop within a loop, to which
-- its guess that there is one purchase would lead it.
SELECT opened.project, opened.unit, opened.fiscal_year, opened.budget_project, opened.data ->> 'category',
       opened.data ->> 'kind', summed.method, summed.organisation, summed.amount, summed.supplier,
       coalesce(summed.time, opened.time), projector.local_day(coalesce(summed.time, opened.time)), opened.position,
       coalesce(summed.adjusted, false), coalesce(summed.approved, false), coalesce(summed.bought, false),
       coalesce(summed.acts, '{}')
  FROM opened
  FULL JOIN summed ON summed.project = opened.project
 WHERE coalesce(opened.project, '') <> '';
