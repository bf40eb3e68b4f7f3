-- Find who is meant by a person or an account, as known then: the persons, and every reference they acted under.
--   log_id int, known_at timestamptz, who text
WITH people AS MATERIALIZED (
    SELECT account, person
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), meant AS (
    SELECT %(who)s::text AS person
     UNION
    SELECT person
      FROM people
     WHERE account = %(who)s
)
SELECT (SELECT array_agg(person) FROM meant),
       (SELECT array_agg(person) FROM (SELECT person FROM meant
                                        UNION
                                       SELECT account FROM people JOIN meant USING (person)) AS acted_as);
