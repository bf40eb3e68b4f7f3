-- Find pairs of incompatible duties that one actor exercised on one project, whichever came first and whenever. Each
-- side of a pair is given as rows: a role, a role in one function, a class of acts, or a kind of employment. A duty is
-- its label: one and the same on both sides is no pair. A duty exercised in a principal's name counts for the principal
-- as vested. No row: nobody did.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[] (NULL: all), people text[] (NULL: all)
--   and actors text[] (they and their accounts), machines boolean (systems too), rules text[], sides smallint[], kinds text[], duties text[], functions text[],
--   labels text[], facing boolean[] (the other side is an employment), faces_class boolean[] (…is a class), units text[] (what the project's unit must be)
WITH sides AS MATERIALIZED (
    SELECT rule, side, kind, duty, function, label, facing, faces_class, unit_kind
      FROM unnest(%(rules)s::text[], %(sides)s::smallint[], %(kinds)s::text[], %(duties)s::text[],
                  %(functions)s::text[], %(labels)s::text[], %(facing)s::boolean[],
                  %(faces_class)s::boolean[], %(units)s::text[])
        AS side (rule, side, kind, duty, function, label, facing, faces_class, unit_kind)
), people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), acted AS (
    SELECT duties.position, duties.project, duties.unit, duties.actor, duties.role, duties.function, duties.class,
           duties.counts, duties.time, false AS vested
      FROM projector.duties_at(%(log_id)s, %(known_at)s) AS duties
     WHERE duties.project IS NOT NULL
       AND duties.time <= %(as_of)s
       AND (%(projects)s::text[] IS NULL OR duties.project = ANY (%(projects)s))
       AND (%(actors)s::text[] IS NULL OR duties.actor = ANY (%(actors)s))
     UNION ALL
    SELECT duties.position, duties.project, duties.unit, acts.onbehalfof, duties.role, duties.function, duties.class,
           duties.counts, duties.time, true
      FROM projector.acts
      JOIN projector.duties_at(%(log_id)s, %(known_at)s) AS duties
        ON duties.position = acts.position
       AND duties.actor = acts.actor
     WHERE acts.log_id = %(log_id)s
       AND acts.onbehalfof IS NOT NULL
       AND acts.project IS NOT NULL
       AND acts.time <= %(as_of)s
       AND (%(projects)s::text[] IS NULL OR acts.project = ANY (%(projects)s))
       AND (%(actors)s::text[] IS NULL OR acts.onbehalfof = ANY (%(actors)s))
), done AS MATERIALIZED (
    SELECT acted.position, acted.project, acted.unit, coalesce(people.person, acted.actor) AS person, acted.role,
           acted.function, CASE WHEN acted.counts THEN acted.class END AS class, acted.time, acted.vested
      FROM acted
      LEFT JOIN people
        ON people.account = acted.actor
       AND acted.time >= people.starts
       AND acted.time < people.ends
     WHERE (%(people)s::text[] IS NULL OR coalesce(people.person, acted.actor) = ANY (%(people)s))
       AND (%(machines)s OR acted.actor NOT LIKE 'system:%%')
), several AS (
    SELECT project, person
      FROM done
     GROUP BY project, person
    HAVING min(role || coalesce(function, '')) <> max(role || coalesce(function, ''))
), looked_at AS MATERIALIZED (
    SELECT done.*, several.person IS NOT NULL AS several
      FROM done
      LEFT JOIN several USING (project, person)
     WHERE several.person IS NOT NULL
        OR done.role IN (SELECT duty FROM sides WHERE facing)
), held_posts AS MATERIALIZED (
    SELECT term.person, post.unit, greatest(term.starts, post.starts) AS starts, least(term.ends, post.ends) AS ends,
           CASE WHEN post.designation IN ('lead_department', 'procurement_officer') THEN 'procurement'
                WHEN post.designation = 'requesting' THEN 'business' ELSE post.designation END AS function
      FROM projector.terms_at(%(log_id)s, %(known_at)s) AS term
      JOIN projector.posts_at(%(log_id)s, %(known_at)s) AS post ON post.post = term.post
), opposite_met AS (
    SELECT opposite.rule, 1 - opposite.side AS side, met.project, met.person
      FROM sides AS opposite
      JOIN looked_at AS met ON opposite.kind IN ('role', 'function') AND met.role = opposite.duty
     WHERE opposite.faces_class
     UNION
    SELECT opposite.rule, 1 - opposite.side, met.project, met.person
      FROM sides AS opposite
      JOIN looked_at AS met ON opposite.kind = 'class' AND met.class = opposite.duty
     WHERE opposite.faces_class
), matched AS MATERIALIZED (
    SELECT sides.rule, sides.side, coalesce(sides.label, done.role) AS label, done.project, done.person, done.vested,
           done.position, done.time, sides.facing
      FROM looked_at AS done
      JOIN sides ON sides.kind = 'role' AND sides.duty = done.role
     WHERE done.several OR sides.facing
     UNION ALL
    SELECT sides.rule, sides.side, coalesce(sides.label, done.role), done.project, done.person, done.vested,
           done.position, done.time, sides.facing
      FROM looked_at AS done
      JOIN sides ON sides.kind = 'function' AND sides.duty = done.role
     WHERE (done.several OR sides.facing)
       AND (sides.function = done.function
            OR done.function IS NULL AND sides.function NOT IN ('expert', 'user') AND EXISTS (
               SELECT FROM held_posts
                WHERE held_posts.person = done.person AND held_posts.unit = done.unit
                  AND held_posts.function = sides.function
                  AND done.time >= held_posts.starts AND done.time < held_posts.ends))
     UNION ALL
    SELECT sides.rule, sides.side, done.role, done.project, done.person, done.vested, done.position, done.time,
           sides.facing
      FROM opposite_met
      JOIN looked_at AS done USING (project, person)
      JOIN sides USING (rule, side)
     WHERE sides.kind = 'class' AND sides.duty = done.class
), employed AS (
    SELECT matched.rule, sides.side, sides.duty AS label, matched.project, matched.person, matched.vested,
           ARRAY[employer.position, agency.position] AS positions
      FROM matched
      JOIN sides ON sides.kind = 'employment' AND sides.rule = matched.rule AND sides.side <> matched.side
                AND matched.facing
      JOIN projector.employers_at(%(log_id)s, %(known_at)s) AS employer
        ON employer.person = matched.person
       AND matched.time >= employer.starts
       AND matched.time < employer.ends
      LEFT JOIN projector.agencies_at(%(log_id)s, %(known_at)s) AS agency
        ON sides.duty = '@agency'
       AND agency.project = matched.project
       AND agency.agency = employer.employer
     WHERE CASE sides.duty
           WHEN '@employee' THEN employer.employer = ANY (
                (SELECT units FROM projector.projects_at(%(log_id)s, %(known_at)s)
                  WHERE project = matched.project)::text[])
           WHEN '@agency' THEN agency.position IS NOT NULL
           WHEN '@regulator' THEN employer.employer IN (
                SELECT unit FROM projector.unit_kinds_at(%(log_id)s, %(known_at)s) WHERE kind = 'finance_department')
           END
), evidence AS (
    SELECT rule, side, label, project, person, vested, position FROM matched
     UNION ALL
    SELECT rule, side, label, project, person, vested, unnest(array_remove(positions, NULL)) FROM employed
), met AS (
    SELECT rule, project, person,
           coalesce(min(label) FILTER (WHERE NOT vested) <> max(label) FILTER (WHERE NOT vested)
                    AND bool_or(side = 0 AND NOT vested) AND bool_or(side = 1 AND NOT vested), false) AS performed
      FROM evidence
     GROUP BY rule, project, person
    HAVING bool_or(side = 0) AND bool_or(side = 1) AND min(label) <> max(label)
), pairs AS (
    SELECT rule, project, person, performed,
           string_agg(DISTINCT label, '|' ORDER BY label) FILTER (WHERE side = 0) AS one,
           string_agg(DISTINCT label, '|' ORDER BY label) FILTER (WHERE side = 1) AS other,
           array_agg(DISTINCT position ORDER BY position) AS positions
      FROM met
      JOIN evidence USING (rule, project, person)
     WHERE NOT (performed AND vested)
     GROUP BY rule, project, person, performed
)
SELECT rule, project, person, performed, one, other, positions
  FROM pairs
 WHERE NOT EXISTS (
       SELECT FROM sides
        WHERE sides.rule = pairs.rule AND sides.unit_kind IS NOT NULL
          AND sides.unit_kind NOT IN (
              SELECT unit.kind
                FROM projector.projects_at(%(log_id)s, %(known_at)s) AS project
                JOIN projector.unit_kinds_at(%(log_id)s, %(known_at)s) AS unit ON unit.unit = ANY (project.units)
               WHERE project.project = pairs.project));
