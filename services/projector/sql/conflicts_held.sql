-- Find pairs of incompatible duties that one person holds on one project, at one time, while the project is open. The
-- sides are rows as in conflicts_performed.sql; a duty that is one only in some function is not held. `acts`, `roles`
-- and `classes` are the catalogue's: each act, the duty it exercises, the class it counts for (NULL: for none). The
-- overlap is the latest there is, NULL: open. No row: nobody does.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[] (NULL: all), people text[] (NULL: all),
--   rules text[], sides smallint[], kinds text[], duties text[], units text[] (what the project's unit must be),
--   acts text[], roles text[], classes text[]
WITH sides AS MATERIALIZED (
    SELECT rule, side, kind, duty, unit_kind
      FROM unnest(%(rules)s::text[], %(sides)s::smallint[], %(kinds)s::text[], %(duties)s::text[], %(units)s::text[])
        AS side (rule, side, kind, duty, unit_kind)
), catalogue AS (
    SELECT act, role, class
      FROM unnest(%(acts)s::text[], %(roles)s::text[], %(classes)s::text[]) AS catalogue (act, role, class)
), classes AS (
    SELECT act, class FROM catalogue WHERE class IS NOT NULL
     UNION
    SELECT role, class FROM catalogue WHERE class IS NOT NULL
), held AS MATERIALIZED (
    SELECT person, role, act, unit, project, starts, ends, positions
      FROM projector.held_at(%(log_id)s, %(known_at)s, %(acts)s::text[], %(roles)s::text[])
     WHERE (%(people)s::text[] IS NULL OR person = ANY (%(people)s))
       AND (%(projects)s::text[] IS NULL OR project IS NULL OR project = ANY (%(projects)s))
), employed AS (
    SELECT employer.person, '@employee' AS duty, employer.employer AS unit, NULL AS project, employer.starts,
           employer.ends, ARRAY[employer.position] AS positions
      FROM projector.employers_at(%(log_id)s, %(known_at)s) AS employer
     UNION ALL
    SELECT employer.person, '@agency', NULL, agency.project, employer.starts, employer.ends,
           ARRAY[employer.position, agency.position]
      FROM projector.employers_at(%(log_id)s, %(known_at)s) AS employer
      JOIN projector.agencies_at(%(log_id)s, %(known_at)s) AS agency ON agency.agency = employer.employer
     UNION ALL
    SELECT employer.person, '@regulator', NULL, NULL, employer.starts, employer.ends,
           ARRAY[employer.position, unit.position]
      FROM projector.employers_at(%(log_id)s, %(known_at)s) AS employer
      JOIN projector.unit_kinds_at(%(log_id)s, %(known_at)s) AS unit
        ON unit.unit = employer.employer AND unit.kind = 'finance_department'
), sided AS (
    SELECT held.person, sides.rule, sides.side, sides.unit_kind,
           ROW(held.role, held.unit, held.project, held.starts, held.ends, held.positions)::projector.held_side AS duty
      FROM held
      JOIN sides ON sides.kind = 'role' AND sides.duty = held.role
     UNION ALL
    SELECT held.person, sides.rule, sides.side, sides.unit_kind,
           ROW(held.role, held.unit, held.project, held.starts, held.ends, held.positions)::projector.held_side
      FROM held
      JOIN classes ON classes.act = coalesce(held.act, held.role)
      JOIN sides ON sides.kind = 'class' AND sides.duty = classes.class
     UNION ALL
    SELECT employed.person, sides.rule, sides.side, sides.unit_kind,
           ROW(employed.duty, employed.unit, employed.project, employed.starts, employed.ends,
               employed.positions)::projector.held_side
      FROM employed
      JOIN sides ON sides.kind = 'employment' AND sides.duty = employed.duty
     WHERE employed.person IN (SELECT person FROM held)
), people AS (
    -- Sides are brought together person by person: a join of all with all is planned for few rows and meets many.
    SELECT person, rule, min(unit_kind) AS unit_kind, array_agg(duty) FILTER (WHERE side = 0) AS ones,
           array_agg(duty) FILTER (WHERE side = 1) AS others
      FROM sided
     GROUP BY person, rule
    HAVING bool_or(side = 0) AND bool_or(side = 1)
), both_sides AS MATERIALIZED (
    SELECT people.rule, people.person, people.unit_kind, one.label AS one, other.label AS other,
           coalesce(one.project, other.project) AS project, coalesce(one.unit, other.unit) AS unit,
           other.unit AS other_unit, greatest(one.starts, other.starts) AS starts, least(one.ends, other.ends) AS ends,
           one.positions || other.positions AS positions
      FROM people
     CROSS JOIN LATERAL unnest(people.ones) AS one
      JOIN LATERAL unnest(people.others) AS other
        ON other.label <> one.label
       AND one.starts < other.ends
       AND other.starts < one.ends
       AND coalesce(one.project = other.project, true)
), projects AS MATERIALIZED (
    SELECT project, units, opened, closed
      FROM projector.projects_at(%(log_id)s, %(known_at)s)
     WHERE EXISTS (SELECT FROM both_sides)
       AND (%(projects)s::text[] IS NULL OR project = ANY (%(projects)s))
), met AS (
    SELECT both_sides.*, projects.project AS of_project, projects.units, projects.opened, projects.closed
      FROM both_sides
      JOIN projects ON projects.project = both_sides.project
     UNION ALL
    SELECT both_sides.*, projects.project, projects.units, projects.opened, projects.closed
      FROM projects
     CROSS JOIN LATERAL unnest(projects.units) AS whose (unit)
      JOIN both_sides ON both_sides.project IS NULL AND both_sides.unit = whose.unit
     UNION ALL
    SELECT both_sides.*, projects.project, projects.units, projects.opened, projects.closed
      FROM projects
      JOIN both_sides ON both_sides.project IS NULL AND both_sides.unit IS NULL
), meetings AS (
    SELECT met.rule, met.of_project, met.person, met.one, met.other, met.positions,
           tstzrange(greatest(met.starts, met.opened), least(met.ends, met.closed)) AS overlap
      FROM met
     WHERE greatest(met.starts, met.opened) < least(met.ends, met.closed)
       AND greatest(met.starts, met.opened) <= %(as_of)s
       AND coalesce(met.unit = ANY (met.units), true)
       AND coalesce(met.other_unit = ANY (met.units), true)
       AND (met.unit_kind IS NULL OR met.unit_kind IN (
            SELECT unit.kind
              FROM projector.unit_kinds_at(%(log_id)s, %(known_at)s) AS unit
             WHERE unit.unit = ANY (met.units)))
), pairs AS (
    SELECT meetings.rule, meetings.of_project, meetings.person,
           string_agg(DISTINCT meetings.one, '|' ORDER BY meetings.one) AS one,
           string_agg(DISTINCT meetings.other, '|' ORDER BY meetings.other) AS other,
           array_agg(DISTINCT evidence.position ORDER BY evidence.position) AS positions,
           range_agg(meetings.overlap) AS stretches
      FROM meetings
     CROSS JOIN LATERAL unnest(meetings.positions) AS evidence (position)
     GROUP BY meetings.rule, meetings.of_project, meetings.person
)
SELECT pairs.rule, pairs.of_project, pairs.person, pairs.one, pairs.other, pairs.positions,
       nullif(lower(latest.stretch), '-infinity'), nullif(upper(latest.stretch), 'infinity')
  FROM pairs
 CROSS JOIN LATERAL (
       SELECT stretch FROM unnest(pairs.stretches) AS stretch ORDER BY stretch DESC LIMIT 1) AS latest;
