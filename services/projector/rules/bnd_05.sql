-- id = "BND-05"
-- title = {zh = "履约/质量保证金逾期未退", en = "Performance or retention security not refunded in time"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "保障中小企业款项支付条例 §13, §31(5); 合同约定"
-- confidence = "A"
-- policies = ["bnd.performance_refund"]
-- inputs = ["perfsec.receive", "perfsec.refund", "retention.receive", "retention.refund", "contract.sign", "accept.perform"]
-- says.zh = "{supplier} 的{kind_zh} {security}（合同 {contract}，{amount:money} 元）最迟应于 {due} 退还，实际退还：{refunded}；依据：{ground_zh}"
-- says.en = "{kind_en} {security} of {supplier} (contract {contract}, CNY {amount:money}) was to be refunded by {due}; refunded: {refunded}; by {ground_en}"

-- There is no national term: a performance security falls due from full acceptance (accepted = contract sum) by the
-- contract's own term, or a supplement's, else by its own `due`, else by a local row. Retention money, by its own `due`.
WITH taken AS (
    SELECT entry.position, entry.project, entry.root, entry.kind, entry.supplier, entry.amount, entry.time, act.object, act.unit,
           projector.as_day(act.data ->> 'due') AS own_due
      FROM entry
      JOIN act ON act.position = entry.position
     WHERE entry.type IN ('perfsec.receive', 'retention.receive') AND entry.kind IN ('performance', 'retention')
), owed AS (
    SELECT taken.*, accepted.time AS accepted_at, accepted.day AS accepted_on, contract.position AS contract, term.days,
           term.working, term.own,
           EXISTS (SELECT
                     FROM entry
                    WHERE entry.project = taken.project AND entry.root = taken.root AND entry.type = 'accept.perform')
           AND EXISTS (SELECT
                         FROM entry
                        WHERE entry.project = taken.project AND entry.root = taken.root AND entry.amount IS NULL
                          AND entry.type IN ('contract.sign', 'contract.amend', 'accept.perform')) AS unmeasured,
           CASE WHEN taken.kind = 'retention' THEN taken.own_due
                WHEN accepted.day IS NULL THEN NULL
                WHEN NOT term.own AND taken.own_due IS NOT NULL THEN taken.own_due
                ELSE projector.due_day(greatest(accepted.day, projector.local_day(taken.time)), term.days::integer,
                                       CASE WHEN term.working THEN 'wd' ELSE 'cd' END, false) END AS due
      FROM taken
      LEFT JOIN LATERAL (
           SELECT running.time, running.day
             FROM (SELECT entry.time, entry.day,
                          sum(entry.amount) FILTER (WHERE entry.type = 'accept.perform') OVER by_time AS accepted,
                          sum(entry.amount) FILTER (WHERE entry.type <> 'accept.perform') OVER by_time AS agreed,
                          count(*) FILTER (WHERE entry.amount IS NULL AND entry.type <> 'accept.perform') OVER by_time AS unknown
                     FROM entry
                    WHERE entry.project = taken.project AND entry.root = taken.root
                      AND entry.type IN ('contract.sign', 'contract.amend', 'accept.perform')
                   WINDOW by_time AS (ORDER BY entry.time)) AS running
            WHERE running.accepted >= running.agreed AND running.unknown = 0
            ORDER BY running.time
            LIMIT 1) AS accepted ON true
      LEFT JOIN LATERAL (
           SELECT min(contract.position) AS position,
                  (array_agg(contract.data -> 'performance_security_refund' ORDER BY contract.time DESC, contract.position DESC)
                      FILTER (WHERE jsonb_typeof(contract.data -> 'performance_security_refund') = 'object'))[1] AS refund
             FROM contract
            WHERE contract.project = taken.project AND contract.root = taken.root) AS contract ON true
      LEFT JOIN policy ON policy.key = 'bnd.performance_refund' AND policy.unit = taken.unit
                      AND accepted.time >= policy.starts AND accepted.time < policy.ends
     CROSS JOIN LATERAL (
           SELECT projector.as_number(said.term ->> 'days') AS days,
                  coalesce(projector.as_yes(said.term ->> 'working'), false) AS working, contract.refund IS NOT NULL AS own
             FROM (SELECT coalesce(contract.refund, policy.value) AS term) AS said) AS term
)
SELECT owed.project,
       owed.position::text AS key,
       CASE WHEN owed.due IS NULL THEN 'UNDETERMINED'
            WHEN coalesce(refund.day, moment.today) <= owed.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(refund.position, owed.position) AS judged,
       coalesce(projector.day_starts(owed.due + 1), owed.accepted_at, owed.time) AS since,
       refund.time AS cured,
       CASE WHEN refund.position IS NULL THEN owed.due END AS due,
       ARRAY[owed.position, owed.contract, refund.position]
           || ARRAY(SELECT entry.position
                      FROM entry
                     WHERE entry.project = owed.project AND entry.root = owed.root AND entry.type = 'accept.perform') AS evidence,
       jsonb_build_object('security', owed.object, 'supplier', owed.supplier, 'contract', owed.root, 'amount', owed.amount,
                          'due', owed.due, 'refunded', refund.day,
                          'kind_zh', CASE owed.kind WHEN 'retention' THEN '质量保证金' ELSE '履约保证金' END,
                          'kind_en', CASE owed.kind WHEN 'retention' THEN 'Retention money' ELSE 'Performance security' END,
                          'ground_zh', CASE WHEN owed.kind = 'retention' OR NOT owed.own AND owed.own_due IS NOT NULL
                                            THEN '收取时载明的退还日'
                                            ELSE format('%s 全部验收合格后 %s 个%s', owed.accepted_on, owed.days,
                                                        CASE WHEN owed.working THEN '工作日' ELSE '日' END) END,
                          'ground_en', CASE WHEN owed.kind = 'retention' OR NOT owed.own AND owed.own_due IS NOT NULL
                                            THEN 'the day stated when it was taken'
                                            ELSE format('%s %sdays from full acceptance on %s', owed.days,
                                                        CASE WHEN owed.working THEN 'working ' ELSE '' END, owed.accepted_on) END,
                          'unknown', CASE WHEN owed.due IS NOT NULL THEN NULL
                                          WHEN owed.kind = 'retention' THEN 'retention.receive due'
                                          WHEN owed.accepted_on IS NULL THEN 'accept.perform amount'
                                          WHEN owed.days IS NULL THEN 'contract.sign performance_security_refund'
                                          ELSE 'calendar' END) AS computed
  FROM owed
 CROSS JOIN moment
  LEFT JOIN LATERAL (
       SELECT given.position, given.time, given.day
         FROM (SELECT act.position, act.time, act.day, sum(coalesce(entry.amount, owed.amount)) OVER
                          (ORDER BY act.time, act.position) AS returned
                 FROM act
                 JOIN entry ON entry.position = act.position
                WHERE act.type IN ('perfsec.refund', 'retention.refund') AND act.project = owed.project
                  AND entry.kind = owed.kind
                  AND coalesce(act.object = owed.object, entry.root = owed.root)) AS given
        WHERE coalesce(given.returned >= owed.amount, true)
        ORDER BY given.time
        LIMIT 1) AS refund ON true
 WHERE CASE WHEN owed.due IS NOT NULL THEN true
            WHEN refund.position IS NOT NULL THEN false
            WHEN owed.kind = 'retention' THEN true
            ELSE owed.accepted_on IS NOT NULL OR owed.unmeasured END
