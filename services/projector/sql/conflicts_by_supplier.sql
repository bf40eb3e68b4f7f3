-- Find pairs of incompatible duties that one actor exercised for one supplier, on whichever projects. A payment that
-- names no payee is one to the supplier of its contract. One row a project on which either was exercised; no row:
-- nobody exercised both. `actors` may leave out whoever did nothing on `projects`.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[] (NULL: all), people text[] (NULL: all)
--   and actors text[] (they and their accounts), machines boolean (systems too), rules text[], sides smallint[], duties text[]
WITH sides AS MATERIALIZED (
    SELECT rule, side, duty
      FROM unnest(%(rules)s::text[], %(sides)s::smallint[], %(duties)s::text[]) AS side (rule, side, duty)
), people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), acted AS MATERIALIZED (
    SELECT sides.rule, sides.side, duties.position, duties.project, duties.role, duties.supplier,
           coalesce(people.person, duties.actor) AS person
      FROM sides
      JOIN projector.duties_at(%(log_id)s, %(known_at)s) AS duties ON duties.role = sides.duty
      LEFT JOIN people
        ON people.account = duties.actor
       AND duties.time >= people.starts
       AND duties.time < people.ends
     WHERE duties.time <= %(as_of)s
       AND (%(people)s::text[] IS NULL OR coalesce(people.person, duties.actor) = ANY (%(people)s))
       AND (%(actors)s::text[] IS NULL OR duties.actor = ANY (%(actors)s))
       AND (%(machines)s OR duties.actor NOT LIKE 'system:%%')
), both_sides AS (
    SELECT rule, person
      FROM acted
     GROUP BY rule, person
    HAVING bool_or(side = 0) AND bool_or(side = 1)
       AND min(role) <> max(role)
), matched AS (
    SELECT acted.rule, acted.side, acted.role, acted.person, acted.project, acted.position,
           coalesce(acted.supplier, signed.supplier) AS supplier
      FROM both_sides
      JOIN acted USING (rule, person)
      LEFT JOIN LATERAL (
           SELECT contract.data ->> 'supplier' AS supplier
             FROM projector.acts AS payment
             JOIN projector.acts AS contract
               ON contract.log_id = payment.log_id
              AND contract.project = payment.project
              AND contract.known_from <= %(known_at)s
              AND contract.data ->> 'supplier' IS NOT NULL
              AND CASE contract.type
                  WHEN 'contract.sign' THEN coalesce(contract.data ->> 'contract', contract.object)
                  WHEN 'contract.amend' THEN contract.object
                  END = payment.data ->> 'contract'
            WHERE payment.log_id = %(log_id)s
              AND payment.position = acted.position
            ORDER BY contract.time DESC, contract.known_from DESC, contract.position DESC
            LIMIT 1) AS signed ON acted.supplier IS NULL
), pairs AS (
    SELECT rule, supplier, person,
           string_agg(DISTINCT role, '|' ORDER BY role) FILTER (WHERE side = 0) AS one,
           string_agg(DISTINCT role, '|' ORDER BY role) FILTER (WHERE side = 1) AS other,
           array_agg(DISTINCT position ORDER BY position) AS positions,
           array_agg(DISTINCT project) AS projects
      FROM matched
     WHERE supplier IS NOT NULL
     GROUP BY rule, supplier, person
    HAVING bool_or(side = 0) AND bool_or(side = 1) AND min(role) <> max(role)
)
SELECT pairs.rule, touched.project, pairs.person, pairs.supplier, pairs.one, pairs.other, pairs.positions
  FROM pairs
 CROSS JOIN LATERAL unnest(pairs.projects) AS touched (project)
 WHERE touched.project IS NOT NULL
   AND (%(projects)s::text[] IS NULL OR touched.project = ANY (%(projects)s));
