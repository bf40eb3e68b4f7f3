-- Say whether this log knows any of these people, whatever it knows. No row: none of them.
--   log_id int, actors text[]
SELECT 1 FROM projector.persons WHERE log_id = %(log_id)s AND person = ANY (%(actors)s)
 UNION ALL
SELECT 1 FROM projector.account_links WHERE log_id = %(log_id)s AND account = ANY (%(actors)s)
 UNION ALL
SELECT 1 FROM projector.duties WHERE log_id = %(log_id)s AND actor = ANY (%(actors)s)
 UNION ALL
SELECT 1 FROM projector.terms WHERE log_id = %(log_id)s AND person = ANY (%(actors)s)
 UNION ALL
SELECT 1 FROM projector.acts WHERE log_id = %(log_id)s AND onbehalfof = ANY (%(actors)s)
 LIMIT 1;
