-- Say whether a day passed without a scan though the log was scanned before it.
--   log_id int, yesterday date
WITH scans AS (
    SELECT projector.as_day(acts.data ->> 'date') AS day
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND acts.type = 'scan.execute'
       AND acts.position NOT IN (SELECT voided.position FROM projector.voided_at(%(log_id)s, 'infinity') AS voided)
)
SELECT coalesce(bool_or(scans.day < %(yesterday)s) AND NOT bool_or(scans.day = %(yesterday)s), false)
  FROM scans;
