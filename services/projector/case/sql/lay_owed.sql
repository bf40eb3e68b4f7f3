-- Lay out what each acceptance that stands makes payable, and by when to a small or medium supplier (国务院令802号 §9, §10):
-- so many days after the acceptance, or after the day agreed for it where the first inspection of a delivery came later;
-- an agreed term counts up to the longest that may be agreed.
INSERT INTO owed (project, position, contract, signing, unit, supplier, sme, amount, total, accepted, opens, days, due,
                  time)
WITH accepted AS (
    SELECT act.project, act.position, act.time, act.day, act.amount, named.root
      FROM act
     CROSS JOIN LATERAL (
           SELECT min(contract.root) AS root
             FROM contract
            WHERE contract.project = act.project AND (act.contract IS NULL OR contract.contract = act.contract)
           HAVING count(DISTINCT contract.root) = 1) AS named
     WHERE act.type = 'accept.perform' AND act.stands
), summed AS (
    SELECT accepted.*,
           CASE WHEN count(*) FILTER (WHERE accepted.amount IS NULL) OVER so_far = 0
                THEN sum(accepted.amount) OVER so_far END AS total
      FROM accepted
    WINDOW so_far AS (PARTITION BY accepted.project, accepted.root ORDER BY accepted.time, accepted.position)
), delivery AS (
    SELECT DISTINCT ON (summed.position) summed.position, act.time, act.day
      FROM summed
      JOIN act ON act.type = 'delivery.record' AND act.project = summed.project AND act.stands
              AND coalesce(act.contract, summed.root) = summed.root AND act.time <= summed.time
     ORDER BY summed.position, act.time DESC
)
SELECT summed.project, summed.position, summed.root, contract.position, contract.unit, contract.supplier,
       supplier.size = ANY (sizes.list), summed.amount, summed.total, summed.day, base.day, term.days::integer,
       projector.due_day(base.day, term.days::integer, usual.measure, usual.rolls), summed.time
  FROM summed
  JOIN contract ON contract.project = summed.project AND contract.contract = summed.root AND contract.signed
  LEFT JOIN supplier ON supplier.supplier = contract.supplier
                    AND contract.time >= supplier.starts AND contract.time < supplier.ends
  LEFT JOIN policy AS sizes ON sizes.key = 'pay.sme_sizes' AND sizes.unit = contract.unit
                           AND summed.time >= sizes.starts AND summed.time < sizes.ends
  LEFT JOIN policy AS usual ON usual.key = 'pay.sme_days' AND usual.unit = contract.unit
                           AND summed.time >= usual.starts AND summed.time < usual.ends
  LEFT JOIN policy AS longest ON longest.key = 'pay.sme_days_agreed' AND longest.unit = contract.unit
                             AND summed.time >= longest.starts AND summed.time < longest.ends
 CROSS JOIN LATERAL (
       SELECT least(coalesce(projector.as_number(contract.data ->> 'payment_days'), usual.number),
                    longest.number, 36500) AS days) AS term
  LEFT JOIN delivery ON delivery.position = summed.position
 CROSS JOIN LATERAL (
       SELECT CASE jsonb_typeof(contract.data -> 'acceptance_due')
              WHEN 'object' THEN projector.due_day(
                   delivery.day,
                   least(projector.as_number(contract.data -> 'acceptance_due' ->> 'days'), 36500)::integer,
                   CASE WHEN projector.as_yes(contract.data -> 'acceptance_due' ->> 'working') THEN 'wd' ELSE 'cd' END,
                   false)
              WHEN 'string' THEN projector.as_day(contract.data ->> 'acceptance_due') END AS due
       OFFSET 0) AS agreed
 CROSS JOIN LATERAL (
       SELECT CASE WHEN agreed.due >= delivery.day AND agreed.due < summed.day
                    AND NOT EXISTS (
                        SELECT
                          FROM act
                         WHERE act.type = 'accept.perform' AND act.project = summed.project
                           AND coalesce(act.contract, summed.root) = summed.root
                           AND act.time >= delivery.time AND act.day <= agreed.due)
                   THEN agreed.due ELSE summed.day END AS day
       OFFSET 0) AS base;
