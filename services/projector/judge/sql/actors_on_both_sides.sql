-- Find everyone of the case who did acts of both sides of a pair, here or on other projects, under whatever name. No row:
-- nobody did.
--   log_id int, known_at timestamptz, ones text[], others text[] (types of acts)
WITH people AS MATERIALIZED (
    SELECT DISTINCT hand.person FROM hand WHERE hand.human
), named AS MATERIALIZED (
    SELECT people.person AS name, people.person FROM people
     UNION
    SELECT links.account, links.person
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s
       AND links.known_from <= %(known_at)s
       AND links.person = ANY (ARRAY(SELECT people.person FROM people))
), one AS MATERIALIZED (
    SELECT DISTINCT named.person
      FROM projector.duties
      JOIN named ON named.name = duties.actor
     WHERE duties.log_id = %(log_id)s
       AND duties.actor = ANY (ARRAY(SELECT named.name FROM named))
       AND duties.type = ANY (%(ones)s::text[])
), both_sides AS MATERIALIZED (
    SELECT DISTINCT named.person
      FROM projector.duties
      JOIN named ON named.name = duties.actor
     WHERE duties.log_id = %(log_id)s
       AND duties.actor = ANY (ARRAY(SELECT named.name FROM named JOIN one ON one.person = named.person))
       AND duties.type = ANY (%(others)s::text[])
)
SELECT named.name
  FROM both_sides
  JOIN named ON named.person = both_sides.person;
