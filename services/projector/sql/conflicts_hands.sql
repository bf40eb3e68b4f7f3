-- Find who exercised several duties on one project, or one of `alone`: a row a project and person, in that order, with
-- the roles (JSON), and beside each the position of the act and how it was done: in which function, if in any, and `!`
-- where by another in that person's name. No row: nobody did.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[] (NULL: all), people text[] (NULL: all)
--   and actors text[] (they and their accounts), machines boolean (systems too), alone text[]
WITH people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), acted AS (
    SELECT duties.position, duties.project, duties.actor, duties.role, duties.function, duties.time, false AS vested
      FROM projector.duties_at(%(log_id)s, %(known_at)s) AS duties
     WHERE duties.project IS NOT NULL
       AND duties.time <= %(as_of)s
       AND (%(projects)s::text[] IS NULL OR duties.project = ANY (%(projects)s))
       AND (%(actors)s::text[] IS NULL OR duties.actor = ANY (%(actors)s))
     UNION ALL
    SELECT duties.position, duties.project, acts.onbehalfof, duties.role, duties.function, duties.time, true
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
), done AS (
    -- Sorted once, for the groups and the answer: by code points, and without the `project:` that all begin with, since
    -- it is by the first eight bytes that PostgreSQL tells most names apart.
    SELECT substr(acted.project, 9) COLLATE "C" AS name, coalesce(people.person, acted.actor) COLLATE "C" AS person,
           acted.role COLLATE "C" AS role, acted.function, acted.position, acted.vested
      FROM acted
      LEFT JOIN people
        ON people.account = acted.actor
       AND acted.time >= people.starts
       AND acted.time < people.ends
     WHERE (%(people)s::text[] IS NULL OR coalesce(people.person, acted.actor) = ANY (%(people)s))
       AND (%(machines)s OR acted.actor NOT LIKE 'system:%%')
     ORDER BY 1, 2, 3
)
SELECT 'project:' || name, person,
       json_agg(role)::text,
       string_agg(position::text, ' '),
       string_agg(coalesce(function, '') || CASE WHEN vested THEN '!' ELSE '' END, ' ')
  FROM done
 GROUP BY name, person
HAVING min(role) <> max(role) OR bool_or(role = ANY (%(alone)s::text[]))
 ORDER BY name, person;
