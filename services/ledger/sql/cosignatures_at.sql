-- Read what witnesses said of the head of one size, always in the same order.
--   log_id int, size bigint
SELECT line
  FROM ledger.cosignatures
 WHERE log_id = %(log_id)s
   AND size = %(size)s
 ORDER BY vkey;
