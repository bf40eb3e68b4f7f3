-- Read of which size an authority's newest time stamp is, and of when. No row: it gave none.
--   log_id int, authority text
SELECT size, stamped_at
  FROM ledger.timestamps
 WHERE log_id = %(log_id)s
   AND authority = %(authority)s
 ORDER BY size DESC
 LIMIT 1;
