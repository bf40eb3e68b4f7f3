-- Read the keys a log ever signed with, the oldest first. `until_size` is null while a key is live.
--   log_id int
SELECT key.vkey, key.from_size, key.added_at, retired.until_size, retired.retired_at
  FROM ledger.keys AS key
  LEFT JOIN ledger.retired_keys AS retired USING (log_id, vkey)
 WHERE key.log_id = %(log_id)s
 ORDER BY key.from_size, key.added_at;
