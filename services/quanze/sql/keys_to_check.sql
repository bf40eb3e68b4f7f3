-- Read the keys a log names as its own, as lines of a key file, the oldest first: one that was retired is bounded.
--   log_id int
SELECT key.vkey || coalesce(' until ' || retired.until_size, ''), key.from_size
  FROM ledger.keys AS key
  LEFT JOIN ledger.retired_keys AS retired USING (log_id, vkey)
 WHERE key.log_id = %(log_id)s
 ORDER BY key.from_size, key.added_at;
