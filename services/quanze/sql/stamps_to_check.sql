-- Read the time stamps of checkpoints beyond a size, in the order of these, with times as leaves write them.
--   log_id int, after bigint
SELECT size, response, chain,
       coalesce(to_char(stamped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'infinity'),
       coalesce(to_char(certificate_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'infinity')
  FROM ledger.timestamps
 WHERE log_id = %(log_id)s
   AND size > %(after)s
 ORDER BY size, authority;
