-- Find scopes for which something falls due or lapses by a day.
--   log_id int, today date
SELECT scope
  FROM projector.wakes
 WHERE log_id = %(log_id)s
   AND day <= %(today)s
 ORDER BY scope;
