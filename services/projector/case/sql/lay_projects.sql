-- Lay out what the projects of the case are, by what was said last. One that nobody opened is open from its first act.
--   log_id int, known_at timestamptz
INSERT INTO project (project, position, unit, units, unit_kind, title, category, kind, budget_project, fiscal_year,
                     public_service, complex, urgent, opened, closed, closing, outcome, below)
WITH acted AS (
    SELECT of_unit.project, min(of_unit.first) AS first,
           array_remove(array_agg(of_unit.unit ORDER BY of_unit.unit), NULL) AS units
      FROM (SELECT act.project, act.unit, min(act.time) AS first FROM act GROUP BY act.project, act.unit) AS of_unit
     GROUP BY of_unit.project
), opening AS (
    SELECT DISTINCT ON (act.project) act.project, act.position, act.unit, act.data,
           min(act.time) OVER (PARTITION BY act.project) AS opened,
           ARRAY(SELECT DISTINCT buyer.unit
                   FROM (SELECT act.unit
                          UNION ALL
                         SELECT act.data -> 'joint' ->> 'lead'
                          UNION ALL
                         SELECT jsonb_array_elements_text(CASE jsonb_typeof(act.data -> 'joint' -> 'members')
                                WHEN 'array' THEN act.data -> 'joint' -> 'members' ELSE '[]' END)) AS buyer (unit)
                  WHERE buyer.unit IS NOT NULL) AS units
      FROM act
     WHERE act.type = 'project.open'
     ORDER BY act.project, act.time DESC, act.known_from DESC, act.position DESC
), closing AS (
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.data ->> 'outcome' AS outcome
      FROM act
     WHERE act.type IN ('project.close', 'file.archive')
     ORDER BY act.project, act.time, act.known_from, act.position
), told AS (
    SELECT DISTINCT ON (act.project) act.project, act.data ->> 'outcome' AS outcome
      FROM act
     WHERE act.type = 'project.close'
     ORDER BY act.project, act.time, act.known_from, act.position
)
SELECT acted.project, opening.position, coalesce(opening.unit, acted.units[1]), coalesce(opening.units, acted.units),
       (SELECT units.kind
          FROM projector.units
         WHERE units.log_id = %(log_id)s AND units.unit = coalesce(opening.unit, acted.units[1])
           AND units.kind IS NOT NULL AND units.known_from <= %(known_at)s
           AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
         ORDER BY units.time DESC, units.known_from DESC, units.position DESC
         LIMIT 1),
       opening.data ->> 'title', opening.data ->> 'category', opening.data ->> 'kind', opening.data ->> 'budget_project',
       projector.as_number(opening.data ->> 'fiscal_year')::integer,
       projector.as_yes(opening.data ->> 'public_service'), projector.as_yes(opening.data ->> 'complex'),
       projector.as_yes(opening.data ->> 'urgent'), coalesce(opening.opened, acted.first),
       coalesce(closing.time, 'infinity'), closing.position,
       coalesce(closing.outcome, told.outcome), false
  FROM acted
  LEFT JOIN opening ON opening.project = acted.project
  LEFT JOIN closing ON closing.project = acted.project
  LEFT JOIN told ON told.project = acted.project;
