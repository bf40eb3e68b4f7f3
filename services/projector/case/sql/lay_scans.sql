-- Lay out on which days the log was scanned, whoever says so.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO scan (day, position)
SELECT projector.as_day(coalesce(recast.fields, acts.data) ->> 'date'), min(acts.position)
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'scan.execute'
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
   AND projector.as_day(coalesce(recast.fields, acts.data) ->> 'date') IS NOT NULL
 GROUP BY 1;
