-- Lay out what the projects of the case are, by what was said last. One that nobody opened is open from its first act.
--   log_id int, known_at timestamptz
INSERT INTO project (project, position, unit, units, unit_kind, title, category, kind, budget_project, fiscal_year,
                     public_service, complex, urgent, opened, closed, closing, outcome, below)
WITH acted AS (
    SELECT act.project, min(act.time) AS first, array_remove(array_agg(DISTINCT act.unit), NULL) AS units
      FROM act
     GROUP BY act.project
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
       coalesce(closing.outcome, (SELECT act.data ->> 'outcome' FROM act
                                   WHERE act.project = acted.project AND act.type = 'project.close' LIMIT 1)),
       false
  FROM acted
  LEFT JOIN opening ON opening.project = acted.project
  LEFT JOIN closing ON closing.project = acted.project;
