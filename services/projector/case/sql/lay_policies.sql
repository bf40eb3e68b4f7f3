-- Lay out what holds for the units of the case, as found by the policies' own reader. Numbers of days and of things are
-- kept to what a date and an integer hold: a unit may adopt any.
--   units text[], keys text[], starts timestamptz[], ends timestamptz[], numbers text[], lists text[] (JSON), values_
--   text[] (JSON), measures text[], rolls bool[], forces text[], citations text[]
INSERT INTO policy (unit, key, starts, ends, number, list, value, measure, rolls, force, citation)
SELECT given.unit, given.key, given.starts, given.ends,
       CASE WHEN given.measure IN ('cd', 'wd', 'month', 'year', 'minute', 'count')
            THEN least(greatest(given.number::numeric, -100000), 100000) ELSE given.number::numeric END,
       projector.listed(given.list::jsonb), given.value::jsonb, given.measure, given.rolls, given.force, given.citation
  FROM unnest(%(units)s::text[], %(keys)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
              %(numbers)s::text[], %(lists)s::text[], %(values_)s::text[], %(measures)s::text[], %(rolls)s::bool[],
              %(forces)s::text[], %(citations)s::text[])
    AS given (unit, key, starts, ends, number, list, value, measure, rolls, force, citation);
