-- Find a log by its origin. No row: it was never founded.
--   origin text
SELECT log_id
  FROM ledger.logs
 WHERE origin = %(origin)s;
