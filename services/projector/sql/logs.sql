-- List the logs of this database, or the one of an origin.
--   origin text (NULL: all)
SELECT log_id, origin
  FROM ledger.logs
 WHERE %(origin)s::text IS NULL OR origin = %(origin)s
 ORDER BY log_id;
