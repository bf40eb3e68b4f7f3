-- id = "INT-11"
-- title = {zh = "离职任职关联", en = "Post-employment link"}
-- severity = "MEDIUM"
-- force = "LAW"
-- citation = "公务员法 §107"
-- confidence = "C"
-- since = 2019-06-01
-- policies = ["int.leaver_leader", "int.leaver_other", "int.after_contract"]
-- inputs = ["contract.sign", "post.relieve", "post.assign", "person.register", "relation.record"]
-- says.zh = "{person} 于 {left} 离开关键岗位 {post}，{years} 年内（{last} 前）任职于本单位项目的成交供应商 {supplier}（任职起：{joined}；合同 {contract} 签订：{signed}）"
-- says.en = "{person} left the key post {post} on {left} and within {years} years, by {last}, worked for {supplier}, which won a contract of the same unit (there from: {joined}; contract {contract} signed: {signed})"

-- Asked of contracts of the leaver's own unit, signed while the period runs, as long as the supplier employs them then or
-- takes them on within a year after the project has ended. The last day of the period is within it. Where it is not said
-- since when they work there, it is known only that they did when it was recorded.
WITH won AS (
    SELECT leaver.*, contract.project, contract.contract, contract.position AS signing, contract.time, contract.day,
           policy.number AS years, coalesce(leaver.starts, leaver.recorded) AS seen_on,
           projector.due_day(leaver.left_on, policy.number::integer, policy.measure, false) AS last,
           CASE WHEN isfinite(project.closed)
                THEN projector.due_day(projector.local_day(project.closed), after.number::integer, after.measure, false)
                ELSE 'infinity'::date END AS watched
      FROM leaver
      JOIN contract ON contract.supplier = leaver.supplier AND contract.signed AND contract.unit = leaver.unit
      JOIN project ON project.project = contract.project
      JOIN policy ON policy.key = CASE WHEN leaver.designation IN ('head', 'executive_in_charge')
                                       THEN 'int.leaver_leader' ELSE 'int.leaver_other' END
                 AND policy.unit = leaver.unit AND contract.time >= policy.starts AND contract.time < policy.ends
      JOIN policy AS after ON after.key = 'int.after_contract' AND after.unit = leaver.unit
                          AND contract.time >= after.starts AND contract.time < after.ends
)
SELECT DISTINCT ON (won.project, won.person, won.supplier)
       won.project,
       won.person || ' ' || won.supplier AS key,
       CASE WHEN won.seen_on <= won.last THEN 'FAIL'
            WHEN won.starts IS NULL THEN 'UNDETERMINED'
            ELSE 'PASS' END AS result,
       won.signing AS judged,
       ARRAY[won.person] AS persons,
       greatest(won.time, projector.day_starts(won.seen_on)) AS since,
       ARRAY[won.signing, won.term, won.position] AS evidence,
       jsonb_build_object('person', won.person, 'post', won.post, 'left', won.left_on, 'years', won.years,
                          'last', won.last, 'supplier', won.supplier, 'joined', won.starts, 'contract', won.contract,
                          'signed', won.day,
                          'unknown', CASE WHEN won.starts IS NULL AND won.seen_on > won.last
                                          THEN 'relation.record from' END) AS computed
  FROM won
 WHERE won.day <= won.last
   AND won.seen_on <= won.watched
   AND (won.ends IS NULL OR won.ends >= greatest(won.day, won.left_on))
 ORDER BY won.project, won.person, won.supplier, won.seen_on > won.last, won.time, won.signing
