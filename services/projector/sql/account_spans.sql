-- Read whose accounts were, as known then: of the accounts ever linked to this person, or of this account. `starts` or
-- `ends` NULL: open on that side. No row: no account was linked.
--   log_id int, known_at timestamptz, who text
SELECT account, person, NULLIF(starts, '-infinity') AS starts, NULLIF(ends, 'infinity') AS ends
  FROM projector.people_at(%(log_id)s, %(known_at)s)
 WHERE account = ANY (ARRAY(
       SELECT account
         FROM projector.account_links
        WHERE log_id = %(log_id)s
          AND (person = %(who)s OR account = %(who)s)))
 ORDER BY account, starts NULLS FIRST;
