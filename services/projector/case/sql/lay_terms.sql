-- Lay out who held which post: the people of the case, under whatever name they were assigned, and everybody in the posts
-- of the units that buy or are judged. A relief ends the terms of that person in that post that began before it.
--   log_id int, known_at timestamptz, units text[]
INSERT INTO term (post, person, starts, ends, position)
WITH accounts AS (
    SELECT links.account, links.person
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s
       AND links.person = ANY (ARRAY(SELECT people.person FROM people))
       AND links.known_from <= %(known_at)s
       AND links.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), said AS (
    SELECT terms.post, coalesce(accounts.person, terms.person) AS person, terms.starts,
           coalesce(terms.ends, 'infinity') AS ends, terms.is_end, terms.known_from, terms.position
      FROM projector.terms
      LEFT JOIN accounts ON accounts.account = terms.person
     WHERE terms.log_id = %(log_id)s
       AND terms.post IS NOT NULL
       AND terms.known_from <= %(known_at)s
       AND terms.position NOT IN (SELECT withdrawn.position FROM withdrawn)
       AND (terms.person = ANY (ARRAY(SELECT people.person FROM people) || ARRAY(SELECT accounts.account FROM accounts))
            OR terms.post = ANY (ARRAY(
               SELECT posts.post FROM projector.posts
                WHERE posts.log_id = %(log_id)s
                  AND posts.unit = ANY (%(units)s::text[] || ARRAY(
                      SELECT buyer.unit FROM project CROSS JOIN LATERAL unnest(project.units) AS buyer (unit))))))
), spans AS (
    SELECT said.*,
           least(said.ends, coalesce(min(said.starts) FILTER (WHERE said.is_end) OVER after, 'infinity')) AS until
      FROM said
    WINDOW after AS (PARTITION BY said.post, said.person ORDER BY said.starts, said.known_from, said.position
                     ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
)
SELECT DISTINCT spans.post, spans.person, spans.starts, spans.until, spans.position
  FROM spans
 WHERE NOT spans.is_end AND spans.starts < spans.until;
