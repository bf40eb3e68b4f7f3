-- id = "LED-01"
-- title = {zh = "账本记录断链", en = "Break in the log"}
-- severity = "CRITICAL"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = []
-- on = "unit"
-- says.zh = "账本序号 {first} 至 {last}：缺少记录：{missing}；记录超出已读范围：{beyond}（相邻记录：{before}、{after}）"
-- says.en = "Positions {first} to {last} of the log: records missing: {missing}; records beyond what was read: {beyond} (records beside them: {before}, {after})"

-- What the read model shows: positions follow one another without a break, as far as it has read and no further. Whether
-- the tree over them is the one that was signed, only a check of the log itself can say. It is every unit's matter.
SELECT unit.unit,
       gap.first::text AS key,
       'FAIL' AS result,
       coalesce(gap.after, gap.before) AS judged,
       gap.noticed AS since,
       ARRAY[gap.before, gap.after] AS evidence,
       jsonb_build_object('first', gap.first, 'last', gap.last, 'before', gap.before, 'after', gap.after,
                          'missing', NOT gap.beyond, 'beyond', gap.beyond) AS computed
  FROM unit
 CROSS JOIN gap
