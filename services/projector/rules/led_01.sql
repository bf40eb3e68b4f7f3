-- id = "LED-01"
-- title = {zh = "账本记录断链", en = "Break in the log"}
-- severity = "CRITICAL"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = []
-- on = "unit"
-- says.zh = "账本序号 {first} 至 {last} 有误：{kind}（相邻记录：{before}、{after}）"
-- says.en = "Positions {first} to {last} of the log are not in order: {kind} (records beside them: {before}, {after})"

-- What the read model shows: positions follow one another without a break, as far as it has read and no further. Whether
-- the tree over them is the one that was signed, only a check of the log itself can say. It is every unit's matter.
SELECT unit.unit,
       gap.first::text AS key,
       'FAIL' AS result,
       coalesce(gap.after, gap.before) AS judged,
       gap.noticed AS since,
       ARRAY[gap.before, gap.after] AS evidence,
       jsonb_build_object('first', gap.first, 'last', gap.last, 'before', gap.before, 'after', gap.after,
                          'kind', CASE WHEN gap.beyond THEN 'beyond' ELSE 'missing' END) AS computed
  FROM unit
 CROSS JOIN gap
