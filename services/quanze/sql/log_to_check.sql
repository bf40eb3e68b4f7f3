-- Read a log's identity and head, its time as leaves write one. No row: there is no such log.
--   log_id int
SELECT log.origin, head.size, head.root, head.frontier,
       coalesce(to_char(head.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'infinity')
  FROM ledger.logs AS log
  JOIN ledger.heads AS head USING (log_id)
 WHERE log.log_id = %(log_id)s;
