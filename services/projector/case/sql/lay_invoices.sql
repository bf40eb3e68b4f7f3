-- Lay out who was paid on the invoices of the case, on whatever project. A payment that names no payee is one to the
-- supplier of its contract.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[]
INSERT INTO invoice (position, project, invoice, root, acceptance, supplier, amount, time, day)
SELECT act.position, act.project, act.data ->> 'invoice', entry.root, act.data ->> 'acceptance',
       coalesce(act.data -> 'payee' ->> 'supplier', act.data ->> 'supplier',
                (SELECT min(contract.supplier)
                   FROM contract
                  WHERE contract.project = act.project AND contract.root = entry.root AND contract.signed)),
       entry.amount, act.time, act.day
  FROM act
  JOIN entry ON entry.position = act.position
 WHERE act.type = 'pay.execute' AND act.data ->> 'invoice' IS NOT NULL
 UNION ALL
SELECT acts.position, acts.project, said.data ->> 'invoice', said.data ->> 'contract', said.data ->> 'acceptance',
       coalesce(said.data -> 'payee' ->> 'supplier', said.data ->> 'supplier',
                (SELECT min(signing.data ->> 'supplier')
                   FROM projector.acts AS signing
                  WHERE signing.log_id = %(log_id)s AND signing.project = acts.project AND signing.type = 'contract.sign'
                    AND signing.data ->> 'contract' IS NOT DISTINCT FROM said.data ->> 'contract'
                 HAVING count(DISTINCT signing.data ->> 'supplier') = 1)),
       projector.as_number(said.data ->> 'amount'), acts.time, projector.local_day(acts.time)
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'pay.execute'
   AND acts.data ? 'invoice'
   AND acts.data ->> 'invoice' = ANY (ARRAY(SELECT DISTINCT act.data ->> 'invoice'
                                              FROM act
                                             WHERE act.type = 'pay.execute' AND act.data ->> 'invoice' IS NOT NULL))
   AND acts.project <> ALL (%(projects)s::text[])
   AND said.data ->> 'invoice' = acts.data ->> 'invoice'
   AND coalesce(said.data ->> 'result', 'pass') = 'pass'
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
