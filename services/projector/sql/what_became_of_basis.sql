-- Find what was said later, or besides, of what acts rest on: of grants (accepted, suspended, revoked, replaced), of
-- acting appointments (ended), of accounts (whose they are), of posts (who was assigned to them, and relieved). No row:
-- nothing was said.
--   log_id int, grants text[], appointments text[], accounts text[], posts text[]
SELECT position
  FROM projector.grant_changes
 WHERE log_id = %(log_id)s
   AND grant_name = ANY (%(grants)s::text[])
 UNION
SELECT position
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND supersedes = ANY (%(grants)s::text[])
 UNION
SELECT position
  FROM projector.acting_ends
 WHERE log_id = %(log_id)s
   AND name = ANY (%(appointments)s::text[])
 UNION
SELECT position
  FROM projector.account_links
 WHERE log_id = %(log_id)s
   AND account = ANY (%(accounts)s::text[])
 UNION
SELECT position
  FROM projector.terms
 WHERE log_id = %(log_id)s
   AND post = ANY (%(posts)s::text[]);
