-- Read a log's identity and head. No row: there is no such log.
--   log_id int
SELECT log.origin, head.size, head.root
  FROM ledger.logs AS log
  JOIN ledger.heads AS head USING (log_id)
 WHERE log.log_id = %(log_id)s;
