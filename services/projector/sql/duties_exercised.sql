-- List the duties that people and systems exercised, one row an actor, project and role, with the acts that show it.
-- What was done in a principal's name counts for the principal as vested. No row: nobody exercised any.
--   log_id int, as_of timestamptz, known_at timestamptz, project text (NULL: all, and none), people text[] (NULL: all)
--   and actors text[] (they and their accounts)
WITH people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), acted AS (
    SELECT duties.position, duties.project, duties.actor, duties.role, duties.time, false AS vested
      FROM projector.duties_at(%(log_id)s, %(known_at)s) AS duties
     WHERE (%(project)s::text IS NULL OR duties.project = %(project)s)
       AND (%(actors)s::text[] IS NULL OR duties.actor = ANY (%(actors)s))
     UNION ALL
    SELECT duties.position, duties.project, acts.onbehalfof, duties.role, duties.time, true
      FROM projector.acts
      JOIN projector.duties_at(%(log_id)s, %(known_at)s) AS duties
        ON duties.position = acts.position
       AND duties.actor = acts.actor
     WHERE acts.log_id = %(log_id)s
       AND acts.onbehalfof IS NOT NULL
       AND (%(project)s::text IS NULL OR acts.project = %(project)s)
       AND (%(actors)s::text[] IS NULL OR acts.onbehalfof = ANY (%(actors)s))
)
SELECT coalesce(people.person, acted.actor), acted.project, acted.role, acted.vested,
       array_agg(acted.position ORDER BY acted.position)
  FROM acted
  LEFT JOIN people
    ON people.account = acted.actor
   AND acted.time >= people.starts
   AND acted.time < people.ends
 WHERE acted.time <= %(as_of)s
   AND (%(people)s::text[] IS NULL OR coalesce(people.person, acted.actor) = ANY (%(people)s))
 GROUP BY coalesce(people.person, acted.actor), acted.project, acted.role, acted.vested;
