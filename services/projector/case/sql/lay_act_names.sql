-- Lay out what acts are called.
--   types text[], zh text[], en text[]
INSERT INTO act_name (type, zh, en)
SELECT given.type, given.zh, given.en
  FROM unnest(%(types)s::text[], %(zh)s::text[], %(en)s::text[]) AS given (type, zh, en);
