-- Read what became of these grants: acceptances, suspensions, resumptions, revocations, and the grants that supersede
-- them. No row: nothing.
--   log_id int, references text[]
SELECT grant_name AS "grant", change AS kind, position, known_from, time, effective_at, notified_at, actor AS "by"
  FROM projector.grant_changes
 WHERE log_id = %(log_id)s
   AND grant_name = ANY (%(references)s::text[])
 UNION ALL
SELECT supersedes, 'superseded', position, known_from, time, starts, NULL, name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND supersedes = ANY (%(references)s::text[])
 ORDER BY position;
