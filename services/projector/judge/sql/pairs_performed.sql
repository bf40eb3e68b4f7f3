-- Find pairs of incompatible duties that one person exercised on one project of the case, or that were exercised in a
-- person's name. The sides are rows as in conflicts_performed.sql. `met`: when either side had been exercised first.
-- `performed` false: only as whoever was acted for. No row: nobody did.
--   log_id int, known_at timestamptz, rules text[], sides smallint[], kinds text[], duties text[], functions text[],
--   labels text[], facing boolean[], faces_class boolean[], units text[], stages text[] (whose acts count for no class),
--   machines boolean (systems too)
WITH sides AS MATERIALIZED (
    SELECT rule, side, kind, duty, function, label, facing, faces_class, unit_kind
      FROM unnest(%(rules)s::text[], %(sides)s::smallint[], %(kinds)s::text[], %(duties)s::text[],
                  %(functions)s::text[], %(labels)s::text[], %(facing)s::boolean[],
                  %(faces_class)s::boolean[], %(units)s::text[])
        AS side (rule, side, kind, duty, function, label, facing, faces_class, unit_kind)
), acted AS MATERIALIZED (
    SELECT hand.position, hand.project, hand.person, hand.role, hand.function, hand.time, false AS vested
      FROM hand
     WHERE hand.counts AND (hand.human OR (%(machines)s AND hand.actor LIKE 'system:%%'))
     UNION ALL
    SELECT hand.position, hand.project, coalesce(account.person, act.onbehalfof), hand.role, hand.function, hand.time, true
      FROM act
      JOIN hand ON hand.position = act.position AND hand.is_actor AND hand.counts
      LEFT JOIN account ON account.account = act.onbehalfof AND act.time >= account.starts AND act.time < account.ends
     WHERE act.onbehalfof IS NOT NULL
), several AS MATERIALIZED (
    SELECT acted.project, acted.person
      FROM acted
     GROUP BY acted.project, acted.person
    HAVING min(acted.role || coalesce(acted.function, '')) <> max(acted.role || coalesce(acted.function, ''))
), done AS MATERIALIZED (
    SELECT acted.*, several.person IS NOT NULL AS several,
           CASE WHEN act.class <> 'R' AND act.stage <> ALL (%(stages)s::text[]) AND act.duty = acted.role
                THEN act.class END AS class
      FROM acted
      LEFT JOIN several ON several.project = acted.project AND several.person = acted.person
      JOIN act ON act.position = acted.position
     WHERE several.person IS NOT NULL
        OR acted.role = ANY (ARRAY(SELECT sides.duty FROM sides WHERE sides.facing))
), opposite AS (
    SELECT DISTINCT sides.rule, 1 - sides.side AS side, done.project, done.person
      FROM sides
      JOIN done ON CASE sides.kind WHEN 'class' THEN done.class ELSE done.role END = sides.duty
     WHERE sides.faces_class AND sides.kind IN ('role', 'function', 'class')
), matched AS MATERIALIZED (
    SELECT sides.rule, sides.side, coalesce(sides.label, done.role) AS label, done.project, done.person, done.vested,
           done.position, done.time, sides.facing
      FROM done
      JOIN sides ON sides.duty = done.role
     WHERE sides.kind IN ('role', 'function')
       AND (sides.kind = 'role' OR sides.function = done.function)
       AND (done.several OR sides.facing)
     UNION ALL
    SELECT sides.rule, sides.side, done.role, done.project, done.person, done.vested, done.position, done.time,
           sides.facing
      FROM opposite
      JOIN done ON done.project = opposite.project AND done.person = opposite.person
      JOIN sides ON sides.rule = opposite.rule AND sides.side = opposite.side AND sides.kind = 'class'
                AND sides.duty = done.class
), employed AS (
    SELECT matched.rule, sides.side, sides.duty AS label, matched.project, matched.person, matched.vested, matched.time,
           ARRAY[employer.position, agency.position] AS positions
      FROM matched
      JOIN sides ON sides.kind = 'employment' AND sides.rule = matched.rule AND sides.side <> matched.side
      JOIN employer ON employer.person = matched.person
                   AND matched.time >= employer.starts AND matched.time < employer.ends
      JOIN project ON project.project = matched.project
      LEFT JOIN LATERAL (
           SELECT act.position
             FROM act
            WHERE act.type = 'agency.sign' AND act.project = matched.project
              AND act.data ->> 'agency' = employer.employer
            LIMIT 1) AS agency ON sides.duty = '@agency'
     WHERE matched.facing
       AND CASE sides.duty
           WHEN '@employee' THEN employer.employer = ANY (project.units)
           WHEN '@agency' THEN agency.position IS NOT NULL
           WHEN '@regulator' THEN employer.kind = 'finance_department'
           END
), evidence AS MATERIALIZED (
    SELECT rule, side, label, project, person, vested, time, position FROM matched
     UNION ALL
    SELECT rule, side, label, project, person, vested, time, unnest(array_remove(positions, NULL)) FROM employed
), pair AS (
    SELECT rule, project, person,
           coalesce(min(label) FILTER (WHERE NOT vested) <> max(label) FILTER (WHERE NOT vested)
                    AND bool_or(side = 0 AND NOT vested) AND bool_or(side = 1 AND NOT vested), false) AS performed
      FROM evidence
     GROUP BY rule, project, person
    HAVING bool_or(side = 0) AND bool_or(side = 1) AND min(label) <> max(label)
)
SELECT pair.rule, pair.project, pair.person, pair.performed,
       string_agg(DISTINCT label, '|' ORDER BY label) FILTER (WHERE side = 0) AS one,
       string_agg(DISTINCT label, '|' ORDER BY label) FILTER (WHERE side = 1) AS other,
       array_agg(DISTINCT position ORDER BY position) AS positions,
       greatest(min(time) FILTER (WHERE side = 0), min(time) FILTER (WHERE side = 1)) AS met
  FROM pair
  JOIN evidence USING (rule, project, person)
 WHERE NOT (performed AND vested)
   AND NOT EXISTS (
       SELECT
         FROM sides
        WHERE sides.rule = pair.rule AND sides.unit_kind IS NOT NULL
          AND sides.unit_kind NOT IN (
              SELECT coalesce((SELECT units.kind
                                 FROM projector.units
                                WHERE units.log_id = %(log_id)s AND units.unit = buyer.unit AND units.kind IS NOT NULL
                                  AND units.known_from <= %(known_at)s
                                  AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
                                ORDER BY units.time DESC, units.known_from DESC, units.position DESC
                                LIMIT 1), '')
                FROM project
               CROSS JOIN LATERAL unnest(project.units) AS buyer (unit)
               WHERE project.project = pair.project))
 GROUP BY pair.rule, pair.project, pair.person, pair.performed;
