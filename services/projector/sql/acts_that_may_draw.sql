-- List the acts of these types, done by `as_of` and as known then, that may have drawn on grants: those that cite them,
-- and those of whoever may hold them, in person, by a post or in another's name, under whatever account. No row: none.
--   log_id int, known_at timestamptz, as_of timestamptz, names text[], types text[]
WITH grantees AS MATERIALIZED (
    SELECT DISTINCT grantee
      FROM projector.grants
     WHERE log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND name = ANY (%(names)s::text[])
       AND grantee IS NOT NULL
), holders AS MATERIALIZED (
    SELECT grantee AS who
      FROM grantees
     UNION
    SELECT terms.person
      FROM grantees
      JOIN projector.terms
        ON terms.log_id = %(log_id)s
       AND terms.holds = grantees.grantee
), principals AS MATERIALIZED (
    SELECT who
      FROM holders
     UNION
    SELECT coalesce(other.account, links.person)
      FROM holders
      JOIN projector.account_links AS links
        ON links.log_id = %(log_id)s
       AND (links.account = holders.who OR links.person = holders.who)
      LEFT JOIN projector.account_links AS other
        ON other.log_id = %(log_id)s
       AND other.person = links.person
     UNION
    SELECT links.person
      FROM holders
      JOIN projector.account_links AS links
        ON links.log_id = %(log_id)s
       AND links.account = holders.who
     WHERE links.person IS NOT NULL
), actors AS MATERIALIZED (
    SELECT who
      FROM principals
     UNION
    SELECT actings.substitute
      FROM principals
      JOIN projector.actings
        ON actings.log_id = %(log_id)s
       AND actings.principal = principals.who
), people AS MATERIALIZED (
    SELECT who
      FROM actors
     UNION
    SELECT links.account
      FROM actors
      JOIN projector.account_links AS links
        ON links.log_id = %(log_id)s
       AND links.person = actors.who
     UNION
    SELECT links.account
      FROM actors
      JOIN projector.account_links AS own
        ON own.log_id = %(log_id)s
       AND own.account = actors.who
      JOIN projector.account_links AS links
        ON links.log_id = %(log_id)s
       AND links.person = own.person
)
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND authority = ANY (%(names)s::text[])
   AND type = ANY (%(types)s::text[])
   AND time <= %(as_of)s
   AND known_from <= %(known_at)s
 UNION
SELECT acts.position
  FROM holders
  JOIN projector.acts
    ON acts.log_id = %(log_id)s
   AND acts.actor = holders.who
 WHERE acts.actor LIKE 'body:%%'
   AND acts.type = ANY (%(types)s::text[])
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
 UNION
SELECT duties.position
  FROM people
  JOIN projector.duties
    ON duties.log_id = %(log_id)s
   AND duties.actor = people.who
 WHERE duties.type = ANY (%(types)s::text[])
   AND duties.time <= %(as_of)s
   AND duties.known_from <= %(known_at)s
 UNION
SELECT acts.position
  FROM principals
  JOIN projector.acts
    ON acts.log_id = %(log_id)s
   AND acts.onbehalfof = principals.who
 WHERE acts.type = ANY (%(types)s::text[])
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s;
