-- List persons who were registered, linked to an account or given a post, in the order of their code points, as known
-- then: of a unit, those who work for it or are in one of its posts at `at`; with `q`, those with it in their reference
-- or that of an account. No row: there are no more.
--   log_id int, known_at timestamptz, as_of timestamptz, at timestamptz, unit text, posts_from text, posts_until text
--   (names of its posts, `until` left out; NULL: any unit), q text (NULL: any), after text, limit int
WITH withdrawn AS MATERIALIZED (
    SELECT position
      FROM projector.voided_at(%(log_id)s, %(known_at)s)
), posted AS (
    SELECT terms.person
      FROM projector.terms
     WHERE terms.log_id = %(log_id)s
       AND terms.known_from <= %(known_at)s
       AND terms.post ~>=~ %(posts_from)s
       AND terms.post ~<~ %(posts_until)s
       AND NOT terms.is_end
       AND terms.starts <= %(at)s
       AND (terms.ends IS NULL OR terms.ends > %(at)s)
       AND terms.position NOT IN (SELECT position FROM withdrawn)
       AND NOT EXISTS (
           SELECT 1
             FROM projector.terms AS relief
            WHERE relief.log_id = %(log_id)s
              AND relief.known_from <= %(known_at)s
              AND relief.holds = terms.holds
              AND relief.person = terms.person
              AND relief.is_end
              AND relief.starts > terms.starts
              AND relief.starts <= %(at)s
              AND relief.position NOT IN (SELECT position FROM withdrawn))
), seated AS MATERIALIZED (
    SELECT coalesce(links.person, posted.person) AS person
      FROM posted
      LEFT JOIN (SELECT account, person, starts, ends
                   FROM projector.people_at(%(log_id)s, %(known_at)s)
                  WHERE account = ANY (ARRAY(SELECT person FROM posted))) AS links
        ON links.account = posted.person
       AND %(at)s::timestamptz >= links.starts
       AND %(at)s::timestamptz < links.ends
), people AS (
    SELECT person
      FROM projector.persons
     WHERE log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND (%(unit)s::text IS NULL OR employer = %(unit)s)
       AND position NOT IN (SELECT position FROM withdrawn)
     UNION
    SELECT person
      FROM seated
     UNION
    SELECT person
      FROM projector.account_links
     WHERE %(unit)s::text IS NULL
       AND log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND person IS NOT NULL
       AND position NOT IN (SELECT position FROM withdrawn)
)
SELECT people.person
  FROM people
 WHERE people.person COLLATE "C" > %(after)s
   AND (%(unit)s::text IS NULL
        OR people.person IN (SELECT person FROM seated)
        OR (SELECT said.employer
              FROM projector.persons AS said
             WHERE said.log_id = %(log_id)s
               AND said.known_from <= %(known_at)s
               AND said.person = people.person
               AND said.time <= %(as_of)s
               AND said.position NOT IN (SELECT position FROM withdrawn)
             ORDER BY said.time DESC, said.known_from DESC, said.position DESC
             LIMIT 1) IS NOT DISTINCT FROM %(unit)s)
   AND (%(q)s::text IS NULL
        OR strpos(lower(people.person), lower(%(q)s)) > 0
        OR EXISTS (
           SELECT 1
             FROM projector.account_links AS own
            WHERE own.log_id = %(log_id)s
              AND own.known_from <= %(known_at)s
              AND own.person = people.person
              AND strpos(lower(own.account), lower(%(q)s)) > 0))
 ORDER BY people.person COLLATE "C"
 LIMIT %(limit)s;
