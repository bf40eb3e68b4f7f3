-- List the logs of this database.
SELECT log_id, origin
  FROM ledger.logs
 ORDER BY log_id;
