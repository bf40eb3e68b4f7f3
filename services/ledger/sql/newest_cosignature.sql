-- Read the largest size that a witness cosigned, and when. No row: it never did.
--   log_id int, vkey text
SELECT size, cosigned_at
  FROM ledger.cosignatures
 WHERE log_id = %(log_id)s
   AND vkey = %(vkey)s
 ORDER BY size DESC
 LIMIT 1;
