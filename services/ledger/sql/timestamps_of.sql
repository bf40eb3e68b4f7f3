-- Read the time stamps that say the most about some acts, for each authority: the first one over a tree that holds
-- them, which says that they are no younger, and the newest one, which says so of those it holds. No row: no stamp.
--   log_id int, last bigint (the acts' last position), size bigint (of the newest tree in question)
WITH of_first AS (
    SELECT DISTINCT ON (authority) size, authority, response, chain
      FROM ledger.timestamps
     WHERE log_id = %(log_id)s AND size BETWEEN %(last)s AND %(size)s
     ORDER BY authority, size
), of_newest AS (
    SELECT DISTINCT ON (authority) size, authority, response, chain
      FROM ledger.timestamps
     WHERE log_id = %(log_id)s AND size <= %(size)s
     ORDER BY authority, size DESC
)
SELECT stamp.size, signed.root, signed.note, stamp.response, stamp.chain
  FROM (SELECT * FROM of_first UNION SELECT * FROM of_newest) AS stamp
  JOIN ledger.checkpoints AS signed ON signed.log_id = %(log_id)s AND signed.size = stamp.size
 ORDER BY stamp.size, stamp.authority;
