-- Read whose accounts were, as known then, of everybody behind these references. `starts` or `ends` NULL: open on that
-- side. No row: none of them has an account, or is one.
--   log_id int, known_at timestamptz, who text[]
WITH persons AS (
    SELECT unnest(%(who)s::text[]) AS person
     UNION
    SELECT person
      FROM projector.account_links
     WHERE log_id = %(log_id)s
       AND account = ANY (%(who)s::text[])
       AND person IS NOT NULL
), accounts AS (
    SELECT account
      FROM projector.account_links
     WHERE log_id = %(log_id)s
       AND person IN (SELECT person FROM persons)
)
SELECT account, person, NULLIF(starts, '-infinity') AS starts, NULLIF(ends, 'infinity') AS ends
  FROM projector.people_at(%(log_id)s, %(known_at)s)
 WHERE account = ANY (ARRAY(SELECT account FROM accounts))
 ORDER BY account, starts;
