-- List the tables that hold facts of one act: their primary key begins with (log_id, position).
SELECT class.relname
  FROM pg_catalog.pg_index AS index
  JOIN pg_catalog.pg_class AS class ON class.oid = index.indrelid
  JOIN pg_catalog.pg_attribute AS first ON first.attrelid = class.oid AND first.attnum = index.indkey[0]
  JOIN pg_catalog.pg_attribute AS second ON second.attrelid = class.oid AND second.attnum = index.indkey[1]
 WHERE index.indisprimary
   AND class.relnamespace = 'projector'::regnamespace
   AND first.attname = 'log_id'
   AND second.attname = 'position'
 ORDER BY class.relname;
