-- Read what witnesses said of checkpoints beyond a size, in the order of these, with times as leaves write them.
--   log_id int, after bigint
SELECT size, vkey, line, coalesce(to_char(cosigned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'infinity')
  FROM ledger.cosignatures
 WHERE log_id = %(log_id)s
   AND size > %(after)s
 ORDER BY size, vkey;
