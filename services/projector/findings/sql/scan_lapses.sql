-- Find waivers and controls that end by a day, and findings that are open again since one ended. No row: none.
--   log_id int, soon date
SELECT DISTINCT finding, lapsed
  FROM projector.findings
 WHERE log_id = %(log_id)s
   AND (lapsed OR until <= %(soon)s)
 ORDER BY finding;
