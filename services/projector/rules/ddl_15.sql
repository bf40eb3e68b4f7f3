-- id = "DDL-15"
-- title = {zh = "验收超过约定期限", en = "Acceptance after the agreed time"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "保障中小企业款项支付条例（国务院令802号）§10, §31(2)"
-- confidence = "A"
-- inputs = ["contract.sign", "delivery.record", "accept.perform"]
-- says.zh = "合同 {contract} 于 {delivered} 交付，约定应在 {due} 前验收，实际验收：{accepted}"
-- says.en = "Delivery under contract {contract} was made on {delivered} and was to be inspected by {due} as agreed; inspected: {accepted}"

-- Any result ends the inspection of a delivery. A date that was agreed says nothing of what was delivered after it.
SELECT delivery.project,
       delivery.position::text AS key,
       CASE WHEN term.due IS NULL OR term.due < delivery.day THEN 'UNDETERMINED'
            WHEN coalesce(accepted.day, moment.today) <= term.due THEN 'PASS'
            ELSE 'FAIL' END AS result,
       coalesce(accepted.position, delivery.position) AS judged,
       coalesce(projector.day_starts(greatest(term.due, delivery.day) + 1), delivery.time) AS since,
       accepted.time AS cured,
       CASE WHEN accepted.day IS NULL AND term.due >= delivery.day THEN term.due END AS due,
       ARRAY[contract.position, delivery.position, accepted.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'delivered', delivery.day, 'due', term.due,
                          'accepted', accepted.day,
                          'unknown', CASE WHEN contract.data -> 'acceptance_due' IS NULL OR term.due < delivery.day
                                          THEN 'contract.sign acceptance_due'
                                          WHEN term.due IS NULL THEN 'calendar' END) AS computed
  FROM act AS delivery
 CROSS JOIN moment
 CROSS JOIN LATERAL (
       SELECT min(contract.root) AS root
         FROM contract
        WHERE contract.project = delivery.project
          AND (delivery.contract IS NULL OR contract.contract = delivery.contract)
       HAVING count(DISTINCT contract.root) = 1) AS named
  JOIN contract ON contract.project = delivery.project AND contract.contract = named.root AND contract.signed
 CROSS JOIN LATERAL (
       SELECT CASE jsonb_typeof(contract.data -> 'acceptance_due')
              WHEN 'object' THEN projector.due_day(
                   delivery.day,
                   least(projector.as_number(contract.data -> 'acceptance_due' ->> 'days'), 36500)::integer,
                   CASE WHEN projector.as_yes(contract.data -> 'acceptance_due' ->> 'working') THEN 'wd' ELSE 'cd' END,
                   false)
              WHEN 'string' THEN projector.as_day(contract.data ->> 'acceptance_due') END AS due
       OFFSET 0) AS term
  LEFT JOIN LATERAL (
       SELECT act.position, act.time, act.day
         FROM act
        WHERE act.type = 'accept.perform' AND act.project = delivery.project AND act.time >= delivery.time
          AND (act.contract IS NULL
               OR act.contract IN (SELECT part.contract
                                     FROM contract AS part
                                    WHERE part.project = delivery.project AND part.root = named.root))
        ORDER BY act.time
        LIMIT 1) AS accepted ON true
 WHERE delivery.type = 'delivery.record' AND delivery.stands
