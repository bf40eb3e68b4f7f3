-- Find pairs of incompatible duties that one person holds on one project of the case, at one time, while it is open. The
-- sides are rows as in conflicts_held.sql; `acts`, `roles`, `classes` the catalogue's: each act, the duty it exercises,
-- the class it counts for (NULL: for none); `holders` … what grants let people hold. No row: nobody does.
--   rules text[], sides smallint[], kinds text[], duties text[], units text[], acts text[], roles text[], classes text[],
--   holders text[], held_acts text[], held_units text[], held_projects text[], held_starts timestamptz[],
--   held_ends timestamptz[], held_positions text[] (JSON)
WITH sides AS MATERIALIZED (
    SELECT rule, side, kind, duty, unit_kind
      FROM unnest(%(rules)s::text[], %(sides)s::smallint[], %(kinds)s::text[], %(duties)s::text[], %(units)s::text[])
        AS side (rule, side, kind, duty, unit_kind)
), catalogue AS MATERIALIZED (
    SELECT act, role, class
      FROM unnest(%(acts)s::text[], %(roles)s::text[], %(classes)s::text[]) AS catalogue (act, role, class)
), classes AS (
    SELECT act, class FROM catalogue WHERE class IS NOT NULL
     UNION
    SELECT role, class FROM catalogue WHERE class IS NOT NULL
), granted AS (
    SELECT given.holder, given.act, given.unit, given.project, given.starts, coalesce(given.ends, 'infinity') AS ends,
           ARRAY(SELECT jsonb_array_elements_text(given.positions::jsonb)::bigint) AS positions
      FROM unnest(%(holders)s::text[], %(held_acts)s::text[], %(held_units)s::text[], %(held_projects)s::text[],
                  %(held_starts)s::timestamptz[], %(held_ends)s::timestamptz[], %(held_positions)s::text[])
        AS given (holder, act, unit, project, starts, ends, positions)
), by_act AS (
    SELECT term.person, said.act, post.unit, NULL AS project, greatest(term.starts, post.starts) AS starts,
           least(term.ends, post.ends) AS ends, ARRAY[term.position, post.position] AS positions
      FROM term
      JOIN post ON post.post = term.post
     CROSS JOIN LATERAL unnest(post.acts) AS said (act)
     UNION ALL
    SELECT term.person, granted.act, granted.unit, granted.project, greatest(granted.starts, term.starts),
           least(granted.ends, term.ends), granted.positions || term.position
      FROM granted
      JOIN term ON term.post = granted.holder
     UNION ALL
    SELECT coalesce(account.person, granted.holder), granted.act, granted.unit, granted.project, granted.starts,
           granted.ends, granted.positions
      FROM granted
      LEFT JOIN account ON account.account = granted.holder
                       AND granted.starts >= account.starts AND granted.starts < account.ends
     WHERE granted.holder NOT LIKE 'post:%%'
), held AS MATERIALIZED (
    SELECT role_term.person, role_term.role, NULL AS act, role_term.unit, role_term.project, role_term.starts,
           role_term.ends, ARRAY[role_term.position] AS positions
      FROM role_term
     WHERE role_term.person ~ '^(person|account):'
     UNION ALL
    SELECT by_act.person, catalogue.role, by_act.act, by_act.unit, by_act.project, by_act.starts, by_act.ends,
           by_act.positions
      FROM by_act
      JOIN catalogue ON catalogue.act = by_act.act
     WHERE by_act.starts < by_act.ends AND by_act.person ~ '^(person|account):'
), agency AS (
    SELECT DISTINCT act.project, act.data ->> 'agency' AS agency, act.position
      FROM act
     WHERE act.type = 'agency.sign' AND act.data ->> 'agency' IS NOT NULL
), employed AS (
    SELECT employer.person, '@employee' AS duty, employer.employer AS unit, NULL AS project, employer.starts,
           employer.ends, ARRAY[employer.position] AS positions
      FROM employer
     UNION ALL
    SELECT employer.person, '@agency', NULL, agency.project, employer.starts, employer.ends,
           ARRAY[employer.position, agency.position]
      FROM employer
      JOIN agency ON agency.agency = employer.employer
     UNION ALL
    SELECT employer.person, '@regulator', NULL, NULL, employer.starts, employer.ends, ARRAY[employer.position]
      FROM employer
     WHERE employer.kind = 'finance_department'
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
), meetings AS (
    SELECT both_sides.rule, project.project, both_sides.person, both_sides.one, both_sides.other, both_sides.positions,
           tstzrange(greatest(both_sides.starts, project.opened), least(both_sides.ends, project.closed)) AS overlap
      FROM both_sides
      JOIN project ON coalesce(both_sides.project = project.project, true)
     CROSS JOIN moment
     WHERE greatest(both_sides.starts, project.opened) < least(both_sides.ends, project.closed)
       AND greatest(both_sides.starts, project.opened) <= moment.as_of
       AND coalesce(both_sides.unit = ANY (project.units), true)
       AND coalesce(both_sides.other_unit = ANY (project.units), true)
       AND coalesce(both_sides.unit_kind = project.unit_kind, both_sides.unit_kind IS NULL)
), pairs AS (
    SELECT meetings.rule, meetings.project, meetings.person,
           string_agg(DISTINCT meetings.one, '|' ORDER BY meetings.one) AS one,
           string_agg(DISTINCT meetings.other, '|' ORDER BY meetings.other) AS other,
           array_agg(DISTINCT evidence.position ORDER BY evidence.position) AS positions,
           range_agg(meetings.overlap) AS stretches
      FROM meetings
     CROSS JOIN LATERAL unnest(meetings.positions) AS evidence (position)
     GROUP BY meetings.rule, meetings.project, meetings.person
)
SELECT pairs.rule, pairs.project, pairs.person, pairs.one, pairs.other, pairs.positions,
       nullif(lower(latest.stretch), '-infinity') AS starts, nullif(upper(latest.stretch), 'infinity') AS ends
  FROM pairs
 CROSS JOIN LATERAL (
       SELECT stretch FROM unnest(pairs.stretches) AS stretch ORDER BY stretch DESC LIMIT 1) AS latest;
