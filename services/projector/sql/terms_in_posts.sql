-- Read the terms in posts, as known then, of people under all their references, or in one post. `until` is the moment
-- after, by the term itself or by a relief; NULL: open. Accounts are resolved to their persons. No row: there is none.
--   log_id int, known_at timestamptz, who text[], post text (NULL: none)
WITH listed AS MATERIALIZED (
    SELECT post, person, is_end, starts, coalesce(ends, 'infinity') AS ends, known_from, position
      FROM projector.terms
     WHERE log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND post IS NOT NULL
       AND (person = ANY (%(who)s::text[]) OR post = %(post)s)
       AND position NOT IN (SELECT position FROM projector.voided_at(%(log_id)s, %(known_at)s))
), said AS (
    SELECT listed.post, coalesce(people.person, listed.person) AS person, listed.is_end, listed.starts, listed.ends,
           listed.known_from, listed.position
      FROM listed
      LEFT JOIN (SELECT account, person, starts, ends
                   FROM projector.people_at(%(log_id)s, %(known_at)s)
                  WHERE account = ANY (ARRAY(SELECT person FROM listed))) AS people
        ON people.account = listed.person
       AND listed.starts >= people.starts
       AND listed.starts < people.ends
), ended AS (
    SELECT said.*, least(ends, coalesce(min(starts) FILTER (WHERE is_end) OVER after, 'infinity')) AS until
      FROM said
    WINDOW after AS (PARTITION BY post, person ORDER BY starts, known_from, position
                     ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
)
SELECT post, person, starts, NULLIF(until, 'infinity'), position
  FROM ended
 WHERE NOT is_end
   AND starts < until
 ORDER BY starts, position;
