-- Lay out what holds for the units of the case, as found by the policies' own reader: spans of values, each for some units
-- without the keys to which these give values of their own. Numbers of days and of things are kept to what a date and an
-- integer hold: a unit may adopt any.
--   held text (JSON: [{"spans": [{"key": …}], "units": [{"unit": …, "own": [key …]}]}])
INSERT INTO policy (unit, key, starts, ends, number, list, value, measure, rolls, force, citation)
WITH held AS MATERIALIZED (
    SELECT said.ordinal, said.item -> 'units' AS units, span.key, span.starts, span.ends,
           CASE WHEN span.measure IN ('cd', 'wd', 'month', 'year', 'minute', 'count')
                THEN least(greatest(span.number, -100000), 100000) ELSE span.number END AS number,
           span.list, span.value, span.measure, span.rolls, span.force, span.citation
      FROM jsonb_array_elements(%(held)s::jsonb) WITH ORDINALITY AS said (item, ordinal)
     CROSS JOIN LATERAL jsonb_to_recordset(said.item -> 'spans')
        AS span (key text, starts timestamptz, ends timestamptz, number numeric, list text[], value jsonb, measure text,
                 rolls boolean, force text, citation text)
)
SELECT holder.unit, held.key, held.starts, held.ends, held.number, held.list, held.value, held.measure, held.rolls,
       held.force, held.citation
  FROM held
 CROSS JOIN LATERAL jsonb_to_recordset(held.units) AS holder (unit text, own text[])
 WHERE held.key <> ALL (holder.own);
