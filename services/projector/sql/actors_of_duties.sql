-- Find everyone who exercised one of these duties on these projects, as known then: every reference they acted under,
-- here or elsewhere. No row: nobody did.
--   log_id int, known_at timestamptz, projects text[], duties text[]
WITH people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), doers AS (
    SELECT duties.actor, people.person
      FROM projector.duties_at(%(log_id)s, %(known_at)s) AS duties
      LEFT JOIN people
        ON people.account = duties.actor
       AND duties.time >= people.starts
       AND duties.time < people.ends
     WHERE duties.project = ANY (%(projects)s)
       AND duties.role = ANY (%(duties)s)
)
SELECT actor FROM doers
 UNION
SELECT person FROM doers WHERE person IS NOT NULL
 UNION
SELECT people.account FROM doers JOIN people ON people.person = coalesce(doers.person, doers.actor);
