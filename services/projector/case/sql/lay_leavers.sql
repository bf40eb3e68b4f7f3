-- Lay out who held a key post, holds none in that unit any more, and works for a supplier that contracts in this case: as
-- registered, or by evidence of R1 or R8. `left_on` is the last day in the last such post.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO leaver (person, unit, post, designation, left_on, supplier, starts, ends, recorded, term, position)
WITH hired AS (
    SELECT persons.person, persons.employer AS supplier,
           projector.local_day(persons.time) AS starts, projector.local_day(persons.next) AS ends,
           projector.local_day(persons.time) AS recorded, persons.position
      FROM (SELECT persons.*, lead(persons.time) OVER (PARTITION BY persons.person
                       ORDER BY persons.time, persons.known_from, persons.position) AS next
              FROM projector.persons
             WHERE persons.log_id = %(log_id)s
               AND persons.person = ANY (ARRAY(
                   SELECT joined.person FROM projector.persons AS joined
                    WHERE joined.log_id = %(log_id)s
                      AND joined.employer = ANY (ARRAY(SELECT contract.supplier FROM contract))))
               AND persons.known_from <= %(known_at)s
               AND persons.position NOT IN (SELECT withdrawn.position FROM withdrawn)) AS persons
     WHERE persons.employer = ANY (ARRAY(SELECT contract.supplier FROM contract))
     UNION ALL
    SELECT said.data ->> 'person', said.data ->> 'supplier', projector.as_day(said.data ->> 'from'),
           projector.as_day(said.data ->> 'until'), projector.local_day(acts.time), acts.position
      FROM projector.acts
      LEFT JOIN recast ON recast.position = acts.position
     CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
     WHERE acts.log_id = %(log_id)s
       AND acts.type = 'relation.record'
       AND said.data ->> 'supplier' = ANY (ARRAY(SELECT contract.supplier FROM contract))
       AND said.data ->> 'relation' IN ('R1', 'R8')
       AND acts.known_from <= %(known_at)s
       AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), held AS (
    SELECT terms.post, terms.person, terms.starts, terms.position, terms.is_end,
           least(coalesce(terms.ends, 'infinity'),
                 coalesce(min(terms.starts) FILTER (WHERE terms.is_end) OVER after, 'infinity')) AS ends
      FROM projector.terms
     WHERE terms.log_id = %(log_id)s
       AND terms.post IS NOT NULL
       AND terms.person = ANY (ARRAY(SELECT hired.person FROM hired))
       AND terms.known_from <= %(known_at)s
       AND terms.position NOT IN (SELECT withdrawn.position FROM withdrawn)
    WINDOW after AS (PARTITION BY terms.post, terms.person ORDER BY terms.starts, terms.known_from, terms.position
                     ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), latest AS (
    SELECT DISTINCT ON (held.person, defined.unit) held.person, defined.unit, held.post, defined.designation, held.ends,
           held.position
      FROM held
     CROSS JOIN LATERAL (
           SELECT posts.unit, posts.designation, posts.position
             FROM projector.posts
            WHERE posts.log_id = %(log_id)s AND posts.post = held.post AND posts.known_from <= %(known_at)s
              AND posts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
            ORDER BY posts.time < held.ends DESC, posts.time DESC, posts.known_from DESC, posts.position DESC
            LIMIT 1) AS defined
      JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.position = defined.position
      LEFT JOIN recast ON recast.position = acts.position
     WHERE NOT held.is_end AND held.starts < held.ends
       AND (projector.as_yes(coalesce(recast.fields, acts.data) ->> 'key_post')
            OR defined.designation IN ('head', 'executive_in_charge'))
     ORDER BY held.person, defined.unit, held.ends DESC, held.position
)
SELECT latest.person, latest.unit, latest.post, latest.designation, projector.local_day(latest.ends - interval '1 microsecond'),
       hired.supplier, hired.starts, hired.ends, hired.recorded, latest.position, hired.position
  FROM latest
  JOIN hired ON hired.person = latest.person
 WHERE latest.ends <= %(as_of)s AND isfinite(latest.ends);
